"""The headers of a database and of a collection.

Both are msgpack maps of exactly the fields below, sealed. They are rewritten by nearly every
commit, so they stay small: a header with a long history is still well under one page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, Self

from vdb.model.dtypes import DTYPES as DTYPE_TABLE
from vdb.model.filters.field_types import MOST_FIELDS, TEXT, TYPES
from vdb.model.filters.paths import LONGEST_PATH, names_of, path_of
from vdb.model.version import __version__
from vdb.store.format.decoder import Fields
from vdb.store.format.embedding import Embedding
from vdb.store.format.generation import GenerationRecord, check_kind, index_of, index_version
from vdb.store.format.limits import (
    DTYPES,
    ID_KINDS,
    KEPT_HISTORY,
    LARGEST_ROW,
    LAST_COMMIT,
    LAST_NUMBER,
    LONGEST_ANALYZER,
    LONGEST_HISTORY,
    LONGEST_MODEL,
    LONGEST_REASON,
    METRICS,
    MOST_LEAVING,
    MOST_SLOTS,
    NO_SLOT,
    PAGE_SIZES,
)
from vdb.store.format.optional_fields import (
    OptionalField,
    OptionalFields,
    required_version,
    without_defaults,
)
from vdb.store.format.packing import as_map, changed, pack, twin, unpack

__all__ = ["OPTIONAL_FIELDS", "CollectionHeader", "DatabaseHeader", "fitting_dimension"]


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
        return pack(as_map(self))

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
            created=f.moment("created"),
            version=f.word("version"),
            commit=f.whole("commit", 1, LAST_COMMIT),
            next_collection=f.whole("next_collection", 1, LAST_NUMBER),
        )
        f.end()
        if header.page_size not in PAGE_SIZES:
            f.refuse("page_size", "a power of two", header.page_size)
        return header

    def verify_encoded(self, body: bytes, before: Self) -> None:
        """As `CollectionHeader.verify_encoded`; a commit changes only the two counters."""
        if changed(self, before, but=_COUNTERS):
            self.decode(body)
            return
        f = Fields(as_map(self), "key 01 (database header)")
        f.whole("commit", 1, LAST_COMMIT)
        f.whole("next_collection", 1, LAST_NUMBER)


_COUNTERS = frozenset({"commit", "next_collection"})


@dataclass(slots=True)
class CollectionHeader:
    """Key ``10``: one collection. Those of a view are shared: change only a batch's own copy.

    Attributes:
        name: Its name; key ``03`` has the same.
        number: Its number in keys; never reused.
        dim: Numbers in a vector, of at most 64,000 bytes together; 0 (of format version 2) while
            that is open: no record has a vector yet.
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
        building: The generation that is being built, or 0. Changes are logged for it.
        kept: The previous generation, which can be reactivated, or 0. Changes are logged for it.
        leaving: Retired generations, whose blocks are still to be removed.
        history: One line for each time a generation became the one in use, oldest first:
            {"generation": int, "metric": str, "dtype": str, "index": map, "when": float,
            "version": str, "reason": str, "seconds": float | None, "recall": float | None}.
        next_field: The number that the next declared field gets; numbers are never reused.
        fields: Declared fields, oldest first: {"number": int, "path": str, "type": str, "built":
            int}. Postings are complete for slots below ``built``; `NO_SLOT`: for all. Paths are
            spelled as in filters; `stored_field` has what is stored.
        text_fields: Text fields, likewise, which stand among the others where they are stored, with
            the type "text" and {"text": {"analyzer": str, "version": str, "stored": bool,
            "positions": bool}}. Of format version 2.
        bare: How many of the records have no vector; None where every record must have one. Of
            format version 2.
        embeddings: Generations of the history, rising, whose vectors had another dimension or
            model: {"generation": int, "dim": int, "model": str | None}. None: there is none. Of
            format version 2.
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
    bare: int | None = None
    embeddings: list[dict[str, Any]] | None = None  # replaced as a whole, never changed
    text_fields: list[dict[str, Any]] = field(default_factory=list)

    def copy(self) -> Self:
        """A copy that shares nothing which can be changed."""
        made = twin(self)
        made.history = [{**line, "index": dict(line["index"])} for line in self.history]
        made.leaving = list(self.leaving)
        made.fields = [dict(line) for line in self.fields]
        made.text_fields = [dict(line) for line in self.text_fields]
        return made

    def put_to_use(
        self,
        record: GenerationRecord,
        *,
        when: float,
        reason: str,
        seconds: float | None = None,
        recall: float | None = None,
    ) -> None:
        """Make a generation the active one, and add a line of history.

        A long history keeps its first line and its newest ones.
        """
        embedding = self.embedding_in(record)
        before = {
            line["generation"]: self.embedding_of(line["generation"]) for line in self.history
        }
        self.dim, self.model = embedding
        self.generation, self.metric, self.dtype = record.number, record.metric, record.dtype
        self.history.append(
            {
                "generation": record.number,
                "metric": record.metric,
                "dtype": record.dtype,
                "index": dict(record.index),
                "when": when,
                "version": __version__,
                "reason": reason,
                "seconds": seconds,
                "recall": recall,
            }
        )
        del self.history[1 : max(1, len(self.history) - KEPT_HISTORY + 1)]
        listed = sorted({line["generation"] for line in self.history} & set(before))
        others = [number for number in listed if before[number] != embedding]
        self.embeddings = [
            {"generation": number, **before[number].as_map()} for number in others
        ] or None

    @property
    def embedding(self) -> Embedding:
        """Dimension and model of the vectors of the generation in use."""
        return Embedding(self.dim, self.model)

    def embedding_in(self, record: GenerationRecord) -> Embedding:
        """Dimension and model of the vectors of a generation of this collection."""
        return self.embedding if record.embedding is None else record.embedding

    def embedding_of(self, generation: int) -> Embedding:
        """The same of a generation of the history."""
        for line in self.embeddings or ():
            if line["generation"] == generation:
                return Embedding(line["dim"], line["model"])
        return self.embedding

    def row_dim(self, record: GenerationRecord) -> int:
        """The dimension that the rows of a generation are laid out for."""
        return self.embedding_in(record).dim or OPEN_ROW_DIM

    @property
    def vector_count(self) -> int:
        """How many of the records have a vector."""
        return self.count if self.bare is None else self.count - self.bare

    @property
    def format_version(self) -> int:
        """The oldest format version that has what this header says."""
        own = required_version(as_map(self), OPTIONAL_FIELDS)
        lines = [*self.fields, *self.text_fields]
        if self.dim == 0:
            own = max(own, OPEN_DIMENSION_VERSION)
        of_fields = (required_version(stored_field(f), _FIELD_OPTIONS) for f in lines)
        return max([own, *of_fields, *(index_version(line["index"]) for line in self.history)])

    def encode(self) -> bytes:
        """The record, not sealed."""
        return pack(without_defaults(self.as_stored(), OPTIONAL_FIELDS))

    def as_stored(self) -> dict[str, Any]:
        """The fields as they are stored, those with their defaults included."""
        lines = sorted([*self.fields, *self.text_fields], key=itemgetter("number"))
        stored = as_map(self)
        del stored["text_fields"]
        fields = [without_defaults(stored_field(line), _FIELD_OPTIONS) for line in lines]
        return stored | {"fields": fields}

    @property
    def all_fields(self) -> list[dict[str, Any]]:
        """Lines of all declared fields, those of texts behind the others."""
        return [*self.fields, *self.text_fields]

    @classmethod
    def decode(cls, body: bytes, number: int) -> Self:
        """The header of collection `number`; CorruptedError on anything else."""
        where = f"key 10 (header of collection {number})"
        f = Fields(unpack(body, where), where)
        lines = [
            _field(line, f"{where} fields[{i}]")
            for i, line in enumerate(f.items("fields", MOST_FIELDS))
        ]
        header = cls(
            name=f.collection_name("name"),
            number=f.whole("number", number, number),
            dim=f.whole("dim", 0, LARGEST_ROW * 8),
            metric=f.choice("metric", METRICS),
            dtype=f.choice("dtype", DTYPES),
            scores=f.word("scores"),
            model=f.or_none(partial(f.text, longest=LONGEST_MODEL), "model"),
            created=f.moment("created"),
            version=f.word("version"),
            id_kind=f.or_none(partial(f.choice, allowed=ID_KINDS), "id_kind"),
            slots=f.whole("slots", 0, MOST_SLOTS),
            count=f.whole("count", 0, MOST_SLOTS),
            free_head=f.whole("free_head", 0, NO_SLOT),
            free_count=f.whole("free_count", 0, MOST_SLOTS),
            generation=f.whole("generation", 1, LAST_NUMBER),
            next_generation=f.whole("next_generation", 2, LAST_NUMBER),
            building=f.whole("building", 0, LAST_NUMBER),
            kept=f.whole("kept", 0, LAST_NUMBER),
            leaving=f.items("leaving", MOST_LEAVING),
            history=[
                _history(line, f"{where} history[{i}]")
                for i, line in enumerate(f.items("history", LONGEST_HISTORY))
            ],
            next_field=f.whole("next_field", 1, LAST_NUMBER),
            fields=[line for line in lines if line["type"] != TEXT],
            text_fields=[line for line in lines if line["type"] == TEXT],
            bare=f.optional(partial(f.whole, low=0, high=MOST_SLOTS), "bare", None),
            embeddings=f.optional(partial(_embeddings, f, where), "embeddings", None),
        )
        f.end()
        _check_vectors(f, header.dim, header.metric, header.dtype)
        _check_counts(f, header)
        numbers = [line["number"] for line in lines]
        if numbers != sorted(set(numbers)) or numbers[-1:] >= [header.next_field]:
            f.refuse("fields", f"rising numbers below {header.next_field}", numbers)
        if len({line["path"] for line in lines}) != len(numbers):
            f.refuse("fields", "paths that differ", "a path twice")
        _check_roles(f, header)
        _check_embeddings(f, header)
        return header

    def verify_encoded(self, body: bytes, before: Self | None) -> None:
        """Check that what was just encoded can be decoded again.

        So an error in memory does not become one on disk. Fields that are equal to those `before`,
        which were decoded, are not checked again; of a commit that adds, these are all but the
        counts.

        Raises:
            CorruptedError: It could not be read again.
        """
        if before is None or changed(self, before, but=_COUNTS):
            self.decode(body, self.number)
            return
        f = Fields(as_map(self), f"key 10 (header of collection {self.number})")
        f.or_none(partial(f.choice, allowed=ID_KINDS), "id_kind")
        f.whole("slots", 0, MOST_SLOTS)
        f.whole("count", 0, MOST_SLOTS)
        f.whole("free_head", 0, NO_SLOT)
        f.whole("free_count", 0, MOST_SLOTS)
        if self.bare is not None:
            f.whole("bare", 0, MOST_SLOTS)
        _check_counts(f, self)


OPTIONAL_FIELDS: OptionalFields = {
    "bare": OptionalField(version=2, default=None),
    "embeddings": OptionalField(version=2, default=None),
}
"""The fields of a collection's header that later format versions added."""

OPEN_DIMENSION_VERSION = 2
"""The first format version of which a collection may have no dimension yet."""

OPEN_ROW_DIM = 8
"""The dimension that rows are laid out for while it is open."""

_COUNTS = frozenset({"id_kind", "slots", "count", "free_head", "free_count", "bare"})


def _check_counts(f: Fields, header: CollectionHeader) -> None:
    """Slots are live or free, and the list of free ones begins with one of them."""
    if header.count and header.id_kind is None:
        f.refuse("id_kind", "the kind of its ids", None)
    if header.count + header.free_count != header.slots:
        f.refuse("slots", f"count + free_count = {header.count + header.free_count}", header.slots)
    if header.bare is not None and header.bare > header.count:
        f.refuse("bare", f"at most {header.count}, the number of records", header.bare)
    if header.dim == 0 and header.vector_count:
        f.refuse("dim", f"that of {header.vector_count} vectors", 0)
    if (header.free_head == NO_SLOT) != (header.free_count == 0):
        f.refuse("free_head", "none just when free_count is 0", header.free_head)
    if header.free_head != NO_SLOT and header.free_head >= header.slots:
        f.refuse("free_head", f"a slot below {header.slots}", header.free_head)


def _check_roles(f: Fields, header: CollectionHeader) -> None:
    """Every generation has a number below the next one, and one role."""
    if not all(type(number) is int and number > 0 for number in header.leaving):
        f.refuse("leaving", "numbers of generations", header.leaving)
    numbers = [header.generation, header.building, header.kept, *header.leaving]
    highest = max(numbers)
    if highest >= header.next_generation:
        f.refuse("next_generation", f"above {highest}", header.next_generation)
    in_use = [number for number in numbers if number]
    if len(set(in_use)) != len(in_use):
        f.refuse("generation", "one role for each generation", numbers)
    if header.dim == 0 and (header.building or header.kept):
        f.refuse("dim", "one, where there is another generation", 0)


def _check_embeddings(f: Fields, header: CollectionHeader) -> None:
    """Each is that of a generation in the history, rising, and not the present one."""
    lines = header.embeddings
    if lines is None:
        return
    numbers = [line["generation"] for line in lines]
    if not numbers or numbers != sorted(set(numbers)):
        f.refuse("embeddings", "rising numbers of generations", numbers)
    history = {line["generation"] for line in header.history}
    if not history.issuperset(numbers):
        f.refuse("embeddings", "generations of the history", numbers)
    if header.embedding in {(line["dim"], line["model"]) for line in lines}:
        f.refuse("embeddings", "others than the present one", header.embedding)


def fitting_dimension(dim: int, dtype: str) -> bool:
    """Whether vectors of that many numbers take whole bytes, and not more than a row may have."""
    bits = dim * DTYPE_TABLE[dtype].bits
    return bits <= LARGEST_ROW * 8 and bits % 8 == 0


def _check_vectors(f: Fields, dim: int, metric: str, dtype: str) -> None:
    """Refuse what cannot be together."""
    check_kind(f, metric, dtype)
    if not fitting_dimension(dim, dtype):
        f.refuse("dim", f"whole bytes of {dtype}, at most {LARGEST_ROW}", dim)


def _history(line: Any, where: str) -> dict[str, Any]:
    f = Fields(line, where)
    decoded = {
        "generation": f.whole("generation", 1, LAST_NUMBER),
        "metric": f.choice("metric", METRICS),
        "dtype": f.choice("dtype", DTYPES),
        "index": index_of(f.map("index")),
        "when": f.moment("when"),
        "version": f.word("version"),
        "reason": f.text("reason", LONGEST_REASON),
        "seconds": f.or_none(f.seconds, "seconds"),
        "recall": f.or_none(f.share, "recall"),
    }
    f.end()
    return decoded


_FIELD_OPTIONS: OptionalFields = {
    "names": OptionalField(version=2, default=None),
    "text": OptionalField(version=2, default=None),
}


def stored_field(line: dict[str, Any]) -> dict[str, Any]:
    """A declared field as it is stored.

    In memory its path has backslashes before points that belong to names. Stored, it has none; the
    names stand beside it where one of them has a point.
    """
    names = names_of(line["path"])
    has_point = any("." in name for name in names)
    return {**line, "path": ".".join(names), "names": list(names) if has_point else None}


def _embeddings(f: Fields, where: str, name: str) -> list[dict[str, Any]]:
    decoded = []
    for i, line in enumerate(f.items(name, LONGEST_HISTORY)):
        one = Fields(line, f"{where} {name}[{i}]")
        generation = one.whole("generation", 1, LAST_NUMBER)
        decoded.append({"generation": generation, **Embedding.decode(one).as_map()})
    return decoded


def _text(f: Fields) -> dict[str, Any]:
    """How the texts of a field are indexed."""
    decoded = {
        "analyzer": f.text("analyzer", LONGEST_ANALYZER),
        "version": f.text("version", LONGEST_ANALYZER),
        "stored": f.flag("stored"),
        "positions": f.flag("positions"),
    }
    f.end()
    return decoded


def _field(line: Any, where: str) -> dict[str, Any]:
    f = Fields(line, where)
    decoded: dict[str, Any] = {
        "number": f.whole("number", 1, LAST_NUMBER),
        "path": f.text("path", LONGEST_PATH),
        "type": f.choice("type", (*TYPES, TEXT)),
        "built": f.whole("built", 0, NO_SLOT),
    }
    path = decoded["path"]
    text = f.optional(f.map, "text", None)
    if (text is None) != (decoded["type"] != TEXT):
        f.refuse("text", f"just where type is {TEXT}", decoded["type"])
    if text is not None:
        decoded["text"] = _text(text)
    names = f.optional(partial(f.items, longest=LONGEST_PATH), "names", None)
    f.end()
    if names is None:
        names = path.split(".")
    elif not all(type(name) is str for name in names) or ".".join(names) != path:
        f.refuse("names", f"the names of which {path!r} is made", repr(names)[:200])
    elif not any("." in name for name in names):
        f.refuse("names", "none where no name has a point", repr(names)[:200])
    if not all(names):
        f.refuse("path", "names with points between", repr(path))
    decoded["path"] = path_of(names)
    return decoded
