"""Generations: one graph over a collection's vectors, and how far it is.

Key ``11`` holds a msgpack map of exactly the fields below, sealed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from vdb.format.limits import (
    CODES,
    DTYPES,
    INDEX_TYPES,
    LONGEST_CURVE,
    LONGEST_REASON,
    LONGEST_WORD,
    METRICS,
    MOST_LONGEST,
    MOST_SLOTS,
    MOST_UNLINKED,
    NO_SLOT,
    TUNING_SOURCES,
    U32,
    U64,
)
from vdb.format.packing import Fields, as_map, pack, unpack

__all__ = ["Build", "GenerationRecord", "check_kind", "index_of"]


@dataclass(slots=True)
class Build:
    """How far a generation is that is not in use: being built, or kept to go back to.

    Attributes:
        began: When, in seconds since 1970 UTC.
        version: The release that began it.
        reason: Free text for its line of history.
        scores: Default convention of results that it comes with.
        spread: How many slots are looked at in strides of short runs, those behind them in their
            own order; 0 for none.
        run: Neighbouring slots in such a run.
        copied: Slots below it have their vectors in its own blocks, where it has such; what changed
            in them since is in the log.
        slots: So many slots were looked at, in that order; what changed in them since is in the
            log.
        nodes: Vectors in its graph.
        epoch: Where writers log changes to now; earlier epochs are complete.
        whole: False while its blocks are of two moments: then it cannot be gone on with.
        complete: Whether it was in use once, and lacks nothing but what is logged.
        seconds: Time that was spent on it so far.
    """

    began: float
    version: str
    reason: str
    scores: str
    spread: int = 0
    run: int = 1
    copied: int = 0
    slots: int = 0
    nodes: int = 0
    epoch: int = 0
    whole: bool = True
    complete: bool = False
    seconds: float = 0.0

    @classmethod
    def decode(cls, f: Fields) -> Self:
        """The map inside a generation record; CorruptedError on anything else."""
        build = cls(
            began=f.number("began"),
            version=f.text("version", LONGEST_WORD),
            reason=f.text("reason", LONGEST_REASON),
            scores=f.text("scores", LONGEST_WORD),
            spread=f.whole("spread", 0, MOST_SLOTS),
            run=f.whole("run", 1, MOST_SLOTS),
            copied=f.whole("copied", 0, MOST_SLOTS),
            slots=f.whole("slots", 0, MOST_SLOTS),
            nodes=f.whole("nodes", 0, MOST_SLOTS),
            epoch=f.whole("epoch", 0, U32),
            whole=f.flag("whole"),
            complete=f.flag("complete"),
            seconds=f.number("seconds"),
        )
        f.end()
        return build


@dataclass(slots=True)
class GenerationRecord:
    """Key ``11``: one graph over a collection's vectors.

    Attributes:
        number: Its number inside the collection, from 1.
        metric: The metric that its graph was built with.
        dtype: How the vectors are stored that it is over, one of `DTYPES`.
        vectors: The generation under whose number the blocks of these lie: itself, or an earlier
            one that it shares them with.
        index: {"type": "hnsw", "M", "ef_construction", "seed", "codes"} or {"type": "flat"}.
        entry: The slot where every walk begins, or `NO_SLOT`.
        longest: Slots of the longest vectors, further beginnings under inner product.
        unlinked: Slots of the newest vectors, which are in no list of links yet.
        tuning: How recall depends on ef, as measured on this graph, or None: {"ef", "target", "k",
            "queries", "source", "records", "when", "version", "curve": [[ef, recall, low, high]]}.
        build: How far it is, as long as it is not in use; None for the one that is.
    """

    number: int
    metric: str
    dtype: str
    vectors: int
    index: dict[str, Any]
    entry: int = NO_SLOT
    longest: list[int] = field(default_factory=list)
    unlinked: list[int] = field(default_factory=list)
    tuning: dict[str, Any] | None = None  # replaced as a whole, never changed
    build: Build | None = None

    def copy(self) -> Self:
        """A copy that shares nothing which can be changed."""
        return replace(
            self,
            index=dict(self.index),
            longest=list(self.longest),
            unlinked=list(self.unlinked),
            build=None if self.build is None else replace(self.build),
        )

    def encode(self) -> bytes:
        """The record, not sealed."""
        build = None if self.build is None else as_map(self.build)
        return pack(as_map(self) | {"build": build})

    @classmethod
    def decode(cls, body: bytes, collection: int, number: int) -> Self:
        """Generation `number` of a collection; CorruptedError on anything else."""
        where = f"key 11 (generation {number} of collection {collection})"
        f = Fields(unpack(body, where), where)
        build = f.map_or_none("build")
        record = cls(
            number=f.whole("number", number, number),
            metric=f.choice("metric", METRICS),
            dtype=f.choice("dtype", DTYPES),
            vectors=f.whole("vectors", 1, number),
            index=index_of(f.map("index")),
            entry=f.whole("entry", 0, NO_SLOT),
            longest=f.items("longest", MOST_LONGEST),
            unlinked=f.items("unlinked", MOST_UNLINKED),
            tuning=_tuning(f.map_or_none("tuning")),
            build=None if build is None else Build.decode(build),
        )
        f.end()
        check_kind(f, record.metric, record.dtype)
        for name, slots in (("longest", record.longest), ("unlinked", record.unlinked)):
            for slot in slots:
                if type(slot) is not int or not 0 <= slot < MOST_SLOTS:
                    f.refuse(name, "slots", repr(slot))
        return record


def check_kind(f: Fields, metric: str, dtype: str) -> None:
    """Refuse a metric and a dtype that cannot be together."""
    if (metric == "hamming") != (dtype == "bit"):
        f.refuse("dtype", "bit just when the metric is hamming", f"{dtype} under {metric}")


def index_of(f: Fields) -> dict[str, Any]:
    """The map that says what an index is; CorruptedError on anything else."""
    index: dict[str, Any] = {"type": f.choice("type", INDEX_TYPES)}
    if index["type"] == "hnsw":
        index["M"] = f.whole("M", 2, 256)
        index["ef_construction"] = f.whole("ef_construction", 1, 100_000)
        index["codes"] = f.choice_or_none("codes", CODES)
        index["seed"] = f.whole("seed", 0, U64)
    f.end()
    return index


def _tuning(f: Fields | None) -> dict[str, Any] | None:
    if f is None:
        return None
    curve = f.items("curve", LONGEST_CURVE)
    tuning = {
        "ef": f.whole("ef", 1, U32),
        "target": f.number("target"),
        "k": f.whole("k", 1, MOST_SLOTS),
        "queries": f.whole("queries", 1, U32),
        "source": f.choice("source", TUNING_SOURCES),
        "records": f.whole("records", 0, MOST_SLOTS),
        "when": f.number("when"),
        "version": f.text("version", LONGEST_WORD),
        "curve": curve,
    }
    f.end()
    for point in curve:
        if not (
            type(point) is list
            and list(map(type, point)) == [int, float, float, float]
            and 1 <= point[0] <= U32
            and all(0 <= part <= 1 for part in point[1:])
        ):
            f.refuse("curve", "lists of an ef and three numbers from 0 to 1", repr(point)[:60])
    if not curve:
        f.refuse("curve", "at least one point", 0)
    return tuning
