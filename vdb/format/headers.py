"""The three records that say what a database, a collection and a generation are.

All are msgpack maps of exactly the fields below, sealed. They are rewritten by nearly every commit,
so they stay small: a header with a long history is still well under one page.

The words that a field may hold (metrics, dtypes, index types) are part of the format: a new one is
a new format version, so that an older release refuses the database instead of misreading it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from vdb.filters.nodes import LONGEST_PATH
from vdb.filters.types import MOST_FIELDS, TYPES
from vdb.format.packing import Fields, pack, unpack

__all__ = [
    "DTYPES",
    "ID_KINDS",
    "INDEX_TYPES",
    "KEPT_HISTORY",
    "METRICS",
    "NO_SLOT",
    "Build",
    "CollectionHeader",
    "DatabaseHeader",
    "GenerationRecord",
]

METRICS = ("l2", "ip", "cosine", "dot", "l1", "hamming")
DTYPES = ("float32", "float16", "int8", "bit")
INDEX_TYPES = ("hnsw", "flat")
TUNING_SOURCES = ("given", "stored")
ID_KINDS = ("int", "str")

NO_SLOT = 0xFFFFFFFF
"""Where a slot number could stand: there is none."""

KEPT_HISTORY = 256
"""Lines of history that are kept: the first, and the newest."""

U32 = 2**32 - 1
U64 = 2**64 - 1
MOST_SLOTS = 2**31 - 2
LARGEST_ROW = 64_000
LONGEST_MODEL = 1024
LONGEST_WORD = 64
LONGEST_REASON = 256
LONGEST_HISTORY = 4096
LONGEST_CURVE = 256
MOST_LEAVING = 64
MOST_LONGEST = 1024
MOST_UNLINKED = 1024
PAGE_SIZES = tuple(2**n for n in range(9, 17))


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


@dataclass(slots=True)
class DatabaseHeader:
    """Key ``01``: what holds for the whole database.

    Attributes:
        uuid: 16 random bytes, the salt of every checksum.
        page_size: LMDB's page size when the database was created, bytes.
        small_block: Bytes of a small block, ``page_size - 16``.
        big_block: Bytes of a big block.
        created: When, in seconds since 1970 UTC.
        version: The release that created it.
        commit: Number of the newest commit; 1 is the creation.
        next_collection: The number that the next new collection gets.
    """

    uuid: bytes
    page_size: int
    small_block: int
    big_block: int
    created: float
    version: str
    commit: int
    next_collection: int

    def encode(self) -> bytes:
        """The record, not sealed."""
        return pack(_fields(self))

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Raises CorruptedError on anything that `encode` would not have written."""
        where = "key 01 (database header)"
        f = Fields(unpack(body, where), where)
        header = cls(
            uuid=f.raw("uuid", 16),
            page_size=f.whole("page_size", PAGE_SIZES[0], PAGE_SIZES[-1]),
            small_block=f.whole("small_block", 1, PAGE_SIZES[-1]),
            big_block=f.whole("big_block", 1, 1 << 20),
            created=f.number("created"),
            version=f.text("version", LONGEST_WORD),
            commit=f.whole("commit", 1, U64),
            next_collection=f.whole("next_collection", 1, U32),
        )
        f.end()
        if header.page_size not in PAGE_SIZES:
            f.refuse("page_size", "a power of two", header.page_size)
        return header


@dataclass(slots=True)
class CollectionHeader:
    """Key ``10``: one collection. Those of a view are shared: change only a batch's own copy.

    Attributes:
        name: What it is called by; key ``03`` says the same.
        number: What it is called by in keys; never reused.
        dim: Numbers in a vector, of at most 64,000 bytes together.
        metric: One of `METRICS`.
        dtype: How vectors are stored, one of `DTYPES`.
        scores: Default convention of results.
        model: Where the vectors come from, free text, or None.
        created: When, in seconds since 1970 UTC.
        version: The release that created it.
        id_kind: "int", "str", or None while there was never a record.
        slots: High-water mark: slots at or above it were never used.
        count: Live records.
        free_head: First slot of the list of free ones, or `NO_SLOT`.
        free_count: Length of that list.
        generation: The generation that is searched.
        next_generation: The number that the next generation gets.
        building: The generation that is being built, or 0. What changes is logged for it.
        kept: The generation that can be gone back to, or 0. What changes is logged for it.
        leaving: Generations that are over, whose blocks are still to be removed.
        history: One line for each time a generation became the one in use, oldest first:
            {"generation": int, "metric": str, "index": map, "when": float, "version": str,
            "reason": str, "seconds": float | None, "recall": float | None}.
        next_field: The number that the next declared field gets; numbers are never reused.
        fields: Declared fields, oldest first: {"number": int, "path": str, "type": str, "built":
            int}. Postings are complete for slots below ``built``; `NO_SLOT`: for all.
    """

    name: str
    number: int
    dim: int
    metric: str
    dtype: str
    scores: str
    model: str | None
    created: float
    version: str
    id_kind: str | None = None
    slots: int = 0
    count: int = 0
    free_head: int = NO_SLOT
    free_count: int = 0
    generation: int = 1
    next_generation: int = 2
    building: int = 0
    kept: int = 0
    leaving: list[int] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    next_field: int = 1
    fields: list[dict[str, Any]] = field(default_factory=list)

    def copy(self) -> Self:
        """A copy that shares nothing which can be changed."""
        history = [{**line, "index": dict(line["index"])} for line in self.history]
        return replace(
            self,
            history=history,
            leaving=list(self.leaving),
            fields=[dict(line) for line in self.fields],
        )

    def encode(self) -> bytes:
        """The record, not sealed."""
        return pack(_fields(self))

    @classmethod
    def decode(cls, body: bytes, number: int) -> Self:
        """The header of collection `number`; CorruptedError on anything else."""
        where = f"key 10 (header of collection {number})"
        f = Fields(unpack(body, where), where)
        header = cls(
            name=f.text("name", 128),
            number=f.whole("number", number, number),
            dim=f.whole("dim", 1, LARGEST_ROW * 8),
            metric=f.choice("metric", METRICS),
            dtype=f.choice("dtype", DTYPES),
            scores=f.text("scores", LONGEST_WORD),
            model=f.text_or_none("model", LONGEST_MODEL),
            created=f.number("created"),
            version=f.text("version", LONGEST_WORD),
            id_kind=f.text_or_none("id_kind", LONGEST_WORD),
            slots=f.whole("slots", 0, MOST_SLOTS),
            count=f.whole("count", 0, MOST_SLOTS),
            free_head=f.whole("free_head", 0, NO_SLOT),
            free_count=f.whole("free_count", 0, MOST_SLOTS),
            generation=f.whole("generation", 1, U32),
            next_generation=f.whole("next_generation", 2, U32),
            building=f.whole("building", 0, U32),
            kept=f.whole("kept", 0, U32),
            leaving=f.items("leaving", MOST_LEAVING),
            history=[
                _history(line, f"{where} history[{i}]")
                for i, line in enumerate(f.items("history", LONGEST_HISTORY))
            ],
            next_field=f.whole("next_field", 1, U32),
            fields=[
                _field(line, f"{where} fields[{i}]")
                for i, line in enumerate(f.items("fields", MOST_FIELDS))
            ],
        )
        f.end()
        if header.id_kind not in (None, *ID_KINDS):
            f.refuse("id_kind", f"one of {', '.join(ID_KINDS)}", repr(header.id_kind))
        _check_vectors(f, header.dim, header.metric, header.dtype)
        if header.count + header.free_count != header.slots:
            f.refuse(
                "slots", f"count + free_count = {header.count + header.free_count}", header.slots
            )
        if (header.free_head == NO_SLOT) != (header.free_count == 0):
            f.refuse("free_head", "none just when free_count is 0", header.free_head)
        if header.free_head != NO_SLOT and header.free_head >= header.slots:
            f.refuse("free_head", f"a slot below {header.slots}", header.free_head)
        numbers = [line["number"] for line in header.fields]
        if numbers != sorted(set(numbers)) or numbers[-1:] >= [header.next_field]:
            f.refuse("fields", f"rising numbers below {header.next_field}", numbers)
        if len({line["path"] for line in header.fields}) != len(numbers):
            f.refuse("fields", "paths that differ", "a path twice")
        _check_roles(f, header)
        return header


def _check_roles(f: Fields, header: CollectionHeader) -> None:
    """Every generation was given out, and has one role."""
    if not all(type(given) is int and given > 0 for given in header.leaving):
        f.refuse("leaving", "numbers of generations", header.leaving)
    given_out = [header.generation, header.building, header.kept, *header.leaving]
    highest = max(given_out)
    if highest >= header.next_generation:
        f.refuse("next_generation", f"above {highest}", header.next_generation)
    in_use = [given for given in given_out if given]
    if len(set(in_use)) != len(in_use):
        f.refuse("generation", "one role for each generation", given_out)


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
        build = None if self.build is None else _fields(self.build)
        return pack(_fields(self) | {"build": build})

    @classmethod
    def decode(cls, body: bytes, collection: int, number: int) -> Self:
        """Generation `number` of a collection; CorruptedError on anything else."""
        where = f"key 11 (generation {number} of collection {collection})"
        f = Fields(unpack(body, where), where)
        build = f.map_or_none("build")
        record = cls(
            number=f.whole("number", number, number),
            metric=f.choice("metric", METRICS),
            index=_index(f.map("index")),
            entry=f.whole("entry", 0, NO_SLOT),
            longest=f.items("longest", MOST_LONGEST),
            unlinked=f.items("unlinked", MOST_UNLINKED),
            tuning=_tuning(f.map_or_none("tuning")),
            build=None if build is None else Build.decode(build),
        )
        f.end()
        for name, slots in (("longest", record.longest), ("unlinked", record.unlinked)):
            for slot in slots:
                if type(slot) is not int or not 0 <= slot < MOST_SLOTS:
                    f.refuse(name, "slots", repr(slot))
        return record


def _check_vectors(f: Fields, dim: int, metric: str, dtype: str) -> None:
    """Refuse what cannot be together."""
    bits = {"float32": 32, "float16": 16, "int8": 8, "bit": 1}[dtype]
    if (metric == "hamming") != (dtype == "bit"):
        f.refuse("dtype", "bit just when the metric is hamming", f"{dtype} under {metric}")
    if dim * bits > LARGEST_ROW * 8 or dim * bits % 8:
        f.refuse("dim", f"whole bytes of {dtype}, at most {LARGEST_ROW}", dim)


def _index(f: Fields) -> dict[str, Any]:
    index: dict[str, Any] = {"type": f.choice("type", INDEX_TYPES)}
    if index["type"] == "hnsw":
        index["M"] = f.whole("M", 2, 256)
        index["ef_construction"] = f.whole("ef_construction", 1, 100_000)
        index["codes"] = f.text_or_none("codes", 0)
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


def _history(line: Any, where: str) -> dict[str, Any]:
    f = Fields(line, where)
    decoded = {
        "generation": f.whole("generation", 1, U32),
        "metric": f.choice("metric", METRICS),
        "index": _index(f.map("index")),
        "when": f.number("when"),
        "version": f.text("version", LONGEST_WORD),
        "reason": f.text("reason", LONGEST_REASON),
        "seconds": f.number_or_none("seconds"),
        "recall": f.number_or_none("recall"),
    }
    f.end()
    return decoded


def _field(line: Any, where: str) -> dict[str, Any]:
    f = Fields(line, where)
    decoded: dict[str, Any] = {
        "number": f.whole("number", 1, U32),
        "path": f.text("path", LONGEST_PATH),
        "type": f.choice("type", TYPES),
        "built": f.whole("built", 0, NO_SLOT),
    }
    f.end()
    if not all(decoded["path"].split(".")):
        f.refuse("path", "names with points between", repr(decoded["path"]))
    return decoded
