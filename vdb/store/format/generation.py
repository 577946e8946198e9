"""Generations: one graph over a collection's vectors, and how far it is.

Key ``11`` holds a msgpack map of exactly the fields below, sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vdb.model.codes import CODES as CODE_TABLE
from vdb.model.metrics import METRICS as METRIC_TABLE
from vdb.store.format import slot_runs
from vdb.store.format.decoder import Fields
from vdb.store.format.embedding import Embedding
from vdb.store.format.limits import (
    CODES,
    DTYPES,
    INDEX_TYPES,
    LARGEST_SEED,
    LARGEST_THRESHOLD,
    LAST_NUMBER,
    LONGEST_CURVE,
    LONGEST_REASON,
    METRICS,
    MOST_LONGEST,
    MOST_SLOTS,
    MOST_UNLINKED,
    NO_SLOT,
    ORIGINS,
    TUNING_SOURCES,
    U32,
)
from vdb.store.format.optional_fields import (
    OptionalField,
    OptionalFields,
    required_version,
    without_defaults,
)
from vdb.store.format.packing import as_map, changed, pack, twin, unpack
from vdb.store.format.versions import FIRST_VERSION

__all__ = [
    "BUILD_FIELDS",
    "OPTIONAL_FIELDS",
    "Build",
    "GenerationRecord",
    "Held",
    "check_kind",
    "index_of",
    "index_version",
]


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a generation that is built whole and waits to be put to use.

    Attributes:
        validated: Whether it was validated.
        recall: The recall that this sampled, 0..1; None where nothing was sampled.
    """

    validated: bool
    recall: float | None

    @classmethod
    def decode(cls, f: Fields) -> Self:
        """The map inside `build`; CorruptedError on anything else."""
        held = cls(f.flag("validated"), f.or_none(f.share, "recall"))
        f.end()
        if held.recall is not None and not held.validated:
            f.refuse("recall", "nil of what was not validated", held.recall)
        return held


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
        held: Where it lacks nothing but what is logged and was not in use yet: what its validation
            said. Of format version 2.
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
    held: Held | None = None

    def as_map(self) -> dict[str, Any]:
        """The fields that are written."""
        fields = as_map(self)
        fields["held"] = None if self.held is None else as_map(self.held)
        return without_defaults(fields, BUILD_FIELDS)

    @classmethod
    def decode(cls, f: Fields) -> Self:
        """The map inside a generation record; CorruptedError on anything else."""
        build = cls(
            began=f.moment("began"),
            version=f.word("version"),
            reason=f.text("reason", LONGEST_REASON),
            scores=f.word("scores"),
            spread=f.whole("spread", 0, MOST_SLOTS),
            run=f.whole("run", 1, MOST_SLOTS),
            copied=f.whole("copied", 0, MOST_SLOTS),
            slots=f.whole("slots", 0, MOST_SLOTS),
            nodes=f.whole("nodes", 0, MOST_SLOTS),
            epoch=f.whole("epoch", 0, LAST_NUMBER),
            whole=f.flag("whole"),
            complete=f.flag("complete"),
            seconds=f.seconds("seconds"),
            held=f.optional(lambda name: Held.decode(f.map(name)), "held", None),
        )
        f.end()
        if build.held is not None and (build.complete or not build.whole):
            f.refuse("held", "none of a generation that was in use, or of two moments", build.held)
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
        index: {"type": "hnsw", "M", "ef_construction", "seed", "codes"} or {"type": "flat"}; the
            first also with "indexing_threshold", of format version 2, where that is not 0.
        entry: The slot where every walk begins, or `NO_SLOT`.
        longest: Slots of the longest vectors, further beginnings under inner product.
        unlinked: Slots of the newest vectors, which are in no list of links yet, where the index
            has no "indexing_threshold".
        waiting: The same where it has one, as `slot_runs`. Of format version 2.
        tuning: How recall depends on ef, as measured on this graph, or None: {"ef", "target", "k",
            "queries", "source", "records", "when", "version", "curve": [[ef, recall, low, high]]}.
        build: How far it is, as long as it is not in use; None for the one that is.
        embedding: Dimension and model of its vectors; None: those of the collection. Of format
            version 2.
        origin: How its vectors follow from those in use, as long as it is not in use itself:
            "stored" (the same numbers, or the first of them, in its dtype), "normalized" (the same,
            scaled to length 1), or "external" (not at all: the caller of the rebuild has them).
            Of format version 2.
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
    embedding: Embedding | None = None
    origin: str = "stored"
    waiting: bytes = b""

    def copy(self) -> Self:
        """A copy that shares nothing which can be changed."""
        made = twin(self)
        made.index = dict(self.index)
        made.longest = list(self.longest)
        made.unlinked = list(self.unlinked)
        made.build = None if self.build is None else twin(self.build)
        return made

    @property
    def format_version(self) -> int:
        """The oldest format version that has what this record says."""
        version = max(required_version(as_map(self), OPTIONAL_FIELDS), index_version(self.index))
        if self.build is None:
            return version
        return max(version, required_version(as_map(self.build), BUILD_FIELDS))

    @property
    def unlinked_slots(self) -> NDArray[np.uint32]:
        """Slots of vectors to which no link leads yet, in the order in which they are linked."""
        if self.waiting:
            return slot_runs.decode(self.waiting)
        return np.array(self.unlinked, dtype=np.uint32)

    @unlinked_slots.setter
    def unlinked_slots(self, slots: NDArray[np.uint32]) -> None:
        if "indexing_threshold" in self.index:
            self.waiting = slot_runs.encode(slots)
        else:
            self.unlinked = slots.tolist()

    def encode(self) -> bytes:
        """The record, not sealed."""
        fields = as_map(self)
        fields["build"] = None if self.build is None else self.build.as_map()
        fields["embedding"] = None if self.embedding is None else self.embedding.as_map()
        return pack(without_defaults(fields, OPTIONAL_FIELDS))

    @classmethod
    def decode(cls, body: bytes, collection: int, number: int) -> Self:
        """Generation `number` of a collection; CorruptedError on anything else."""
        where = f"key 11 (generation {number} of collection {collection})"
        f = Fields(unpack(body, where), where)
        build = f.or_none(f.map, "build")
        record = cls(
            number=f.whole("number", number, number),
            metric=f.choice("metric", METRICS),
            dtype=f.choice("dtype", DTYPES),
            vectors=f.whole("vectors", 1, number),
            index=index_of(f.map("index")),
            entry=f.whole("entry", 0, NO_SLOT),
            longest=f.slots("longest", MOST_LONGEST),
            unlinked=f.slots("unlinked", MOST_UNLINKED),
            tuning=_tuning(f.or_none(f.map, "tuning")),
            build=None if build is None else Build.decode(build),
            embedding=f.optional(lambda name: Embedding.decode(f.map(name)), "embedding", None),
            origin=f.optional(partial(f.choice, allowed=ORIGINS), "origin", "stored"),
            waiting=f.optional(partial(slot_runs.take, f, most=MOST_SLOTS), "waiting", b""),
        )
        f.end()
        threshold = "indexing_threshold" in record.index
        if record.unlinked if threshold else record.waiting:
            f.refuse("unlinked" if threshold else "waiting", "none with this index", "some")
        check_kind(f, record.metric, record.dtype)
        codes = record.index.get("codes")
        if codes is not None and not CODE_TABLE[codes].serves(record.metric, record.dtype):
            f.refuse("codes", "none", f"some under {record.metric} of {record.dtype}")
        return record

    def verify_encoded(self, body: bytes, collection: int, before: Self | None) -> None:
        """As `CollectionHeader.verify_encoded`; a commit that adds changes only the slots of walks.

        Raises:
            CorruptedError: It could not be read again.
        """
        if before is None or changed(self, before, but=_SLOTS):
            self.decode(body, collection, self.number)
            return
        f = Fields(as_map(self), f"key 11 (generation {self.number} of collection {collection})")
        f.whole("entry", 0, NO_SLOT)
        f.slots("longest", MOST_LONGEST)
        f.slots("unlinked", MOST_UNLINKED)
        slot_runs.take(f, "waiting", MOST_SLOTS)


OPTIONAL_FIELDS: OptionalFields = {
    "embedding": OptionalField(version=2, default=None),
    "origin": OptionalField(version=2, default="stored"),
    "waiting": OptionalField(version=2, default=b""),
}
"""The fields of a generation record that later format versions added."""

BUILD_FIELDS: OptionalFields = {"held": OptionalField(version=2, default=None)}
"""The fields of `Build` that later format versions added."""

_SLOTS = frozenset({"entry", "longest", "unlinked", "waiting"})


def check_kind(f: Fields, metric: str, dtype: str) -> None:
    """Refuse a metric and a dtype that cannot be together."""
    dtypes = METRIC_TABLE[metric].dtypes
    if dtype not in dtypes:
        f.refuse("dtype", " or ".join(dtypes), f"{dtype} under {metric}")


def index_of(f: Fields) -> dict[str, Any]:
    """The map that says what an index is; CorruptedError on anything else."""
    index: dict[str, Any] = {"type": f.choice("type", INDEX_TYPES)}
    if index["type"] == "hnsw":
        index["M"] = f.whole("M", 2, 256)
        index["ef_construction"] = f.whole("ef_construction", 1, 100_000)
        index["codes"] = f.or_none(partial(f.choice, allowed=CODES), "codes")
        index["seed"] = f.whole("seed", 0, LARGEST_SEED)
        threshold = f.optional(
            partial(f.whole, low=0, high=LARGEST_THRESHOLD), "indexing_threshold", 0
        )
        if threshold:
            index["indexing_threshold"] = threshold
    f.end()
    return index


def index_version(index: Mapping[str, Any]) -> int:
    """The oldest format version that has what this map of an index says."""
    return 2 if "indexing_threshold" in index else FIRST_VERSION


def _tuning(f: Fields | None) -> dict[str, Any] | None:
    if f is None:
        return None
    curve = f.items("curve", LONGEST_CURVE)
    tuning = {
        "ef": f.whole("ef", 1, MOST_SLOTS),
        "target": f.share("target"),
        "k": f.whole("k", 1, MOST_SLOTS),
        "queries": f.whole("queries", 1, U32),
        "source": f.choice("source", TUNING_SOURCES),
        "records": f.whole("records", 0, MOST_SLOTS),
        "when": f.moment("when"),
        "version": f.word("version"),
        "curve": curve,
    }
    f.end()
    for point in curve:
        if not (
            type(point) is list
            and list(map(type, point)) == [int, float, float, float]
            and 1 <= point[0] <= MOST_SLOTS
            and all(0 <= part <= 1 for part in point[1:])
        ):
            f.refuse("curve", "lists of an ef and three numbers from 0 to 1", repr(point)[:60])
    if not curve or any(one[0] >= other[0] for one, other in pairwise(curve)):
        f.refuse("curve", "at least one point, ef rising", f"{len(curve)} points")
    return tuning
