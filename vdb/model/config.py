"""Parameters of collections and searches: their defaults, ranges and checks.

Every check returns the value in its plain Python form or raises, naming the parameter, what is
accepted and what came. Nothing here reads a file or keeps state.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model.arguments import choice, number, shown, text, whole
from vdb.model.codes import codes_named, require_codes
from vdb.model.dtypes import LARGEST_ROW, DType, dtype_named
from vdb.model.metrics import Metric
from vdb.model.synonyms import hinting

__all__ = ["DURABILITIES", "HNSW", "LIMITS", "NAME", "SAMPLE", "Flat", "IndexConfig", "Limits"]


class Limits(NamedTuple):
    """The bounds of what vdb accepts, each inclusive.

    Attributes:
        row_bytes: Longest vector, in bytes; one row must fit a block.
        M: Smallest and largest number of links of a node.
        ef_construction: Largest build-time candidate list.
        indexing_threshold: Most records that are compared one by one, as long as they are few.
        ef: Largest search-time candidate list.
        seed: Largest seed.
        name: Longest collection name, in characters.
        id_bytes: Longest str id, in bytes of UTF-8.
        id_min: Smallest int id.
        id_max: Largest int id.
        payload_bytes: Longest payload, encoded, in bytes.
        payload_depth: Deepest nesting of a payload.
        model_bytes: Longest provenance text, in bytes of UTF-8.
        norm: Largest length of a vector.
        slots: Largest number of records of a collection.
        threads: Largest number of threads that may be asked for.
    """

    row_bytes: int = LARGEST_ROW
    M: tuple[int, int] = (2, 256)
    ef_construction: int = 100_000
    indexing_threshold: int = 100_000
    ef: int = 1_000_000
    seed: int = 2**63 - 1
    name: int = 128
    id_bytes: int = 400
    id_min: int = -(2**63)
    id_max: int = 2**63 - 1
    payload_bytes: int = 1 << 20
    payload_depth: int = 64
    model_bytes: int = 1024
    norm: float = 1e18
    slots: int = 2**31 - 2
    threads: int = 1024


LIMITS = Limits()

SAMPLE = 500
"""Stored vectors that are sampled as queries to measure recall, by default."""

DURABILITIES = ("full", "relaxed")
"""full: a commit is on the disk when the call returns. relaxed: it may be the one before."""

NAME = re.compile(r"[A-Za-z0-9_.\-]{1,128}", re.ASCII)
"""The names that a collection may have."""


@hinting
@dataclass(frozen=True, slots=True, kw_only=True)
class HNSW:
    """A navigable graph: approximate search in time that grows with the logarithm of the size.

    Attributes:
        M: Links of a node on the upper levels, twice as many on the lowest; 2..256. More links:
            better recall, more memory, slower building.
        ef_construction: Candidates considered for each inserted vector; 1..100,000.
        codes: Scalar quantization (SQ8, SQ4) of the vectors for walks through the graph, of float32
            and float16 under l2, ip, cosine and dot: "int8", a byte a number, or "int4", half a
            byte. The best candidates are reranked by their vectors. Searches and building are
            faster, for a quarter or an eighth more room. Where vectors are so close to each other,
            or so far from the origin, that codes cannot tell them apart, searches walk by the
            vectors all the same, and take longer than without. None: no codes.
        seed: Chooses which slots stand on the upper levels; 0..2**63-1. The same data in the same
            order with the same seed gives the same graph.
        indexing_threshold: As long as the collection has at most so many vectors, new ones are not
            linked, and searches compare all of them, by codes where there are codes: adding takes
            a tenth of the time. With more vectors links are made, by each call for at most three
            times as many as it goes beyond; from 1.5 times as many on all are linked. 0..100,000;
            0: links are made at once.
    """

    type: ClassVar[str] = "hnsw"

    M: int = 16
    ef_construction: int = 200
    codes: str | None = None
    seed: int = 0
    indexing_threshold: int = 0

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "M", whole("HNSW.M", self.M, *LIMITS.M))
        set_(
            self,
            "ef_construction",
            whole("HNSW.ef_construction", self.ef_construction, 1, LIMITS.ef_construction),
        )
        set_(self, "seed", whole("HNSW.seed", self.seed, 0, LIMITS.seed))
        threshold = whole(
            "HNSW.indexing_threshold", self.indexing_threshold, 0, LIMITS.indexing_threshold
        )
        set_(self, "indexing_threshold", threshold)
        codes_named(self.codes, "HNSW.codes")

    def __str__(self) -> str:
        codes = f", {self.codes} codes" if self.codes else ""
        seed = f", seed={self.seed}" if self.seed else ""
        threshold = self.indexing_threshold
        links = f", links from {threshold + 1:,} vectors on" if threshold else ""
        return f"hnsw, M={self.M}, ef_construction={self.ef_construction}{codes}{seed}{links}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """No graph: every search looks at every vector and is exact."""

    type: ClassVar[str] = "flat"

    def __str__(self) -> str:
        return self.type


IndexConfig: TypeAlias = HNSW | Flat


def index_to_map(index: IndexConfig) -> dict[str, Any]:
    """The parameters as a plain map with "type" first, as stored in a generation record.

    The map has no "indexing_threshold" where that is 0.
    """
    parameters = asdict(index)
    if not parameters.get("indexing_threshold"):
        parameters.pop("indexing_threshold", None)
    return {"type": index.type, **parameters}


def index_from_map(stored: Mapping[str, Any]) -> IndexConfig:
    """The inverse of `index_to_map`; raises InvalidArgumentError on anything else."""
    parameters = dict(stored)
    kind = parameters.pop("type", None)
    makers: dict[Any, type[HNSW | Flat]] = {"hnsw": HNSW, "flat": Flat}
    names = {field.name for field in fields(makers[kind])} if kind in makers else set()
    if kind not in makers or set(parameters) | ({"indexing_threshold"} & names) != names:
        raise InvalidArgumentError(
            "not the parameters of an index", expected=tuple(makers), received=dict(stored)
        )
    return makers[kind](**parameters)


# Parameters of collections


def collection_name(name: object, what: str = "a collection's name") -> str:
    """1 to 128 characters from A-Z, a-z, 0-9, underscore, point and hyphen."""
    plain = text(what, name)
    if NAME.fullmatch(plain) is None:
        raise InvalidArgumentError(
            f"{what} is 1 to {LIMITS.name} characters from A-Z, a-z, 0-9, "
            f"'_', '.' and '-', got {shown(plain)}",
            expected=NAME.pattern,
            received=plain,
        )
    return plain


def dimension(dim: object, dtype: DType) -> int:
    """1..16,000 of float32, 32,000 of float16, 64,000 of int8; bits 8..512,000 by eights."""
    plain = whole("dim", dim, 1, dtype.largest_dim)
    if dtype.packed and plain % 8:
        raise InvalidArgumentError(
            f"dim must be a multiple of 8 for dtype {dtype.name!r}, got {plain}",
            expected="a multiple of 8",
            received=plain,
        )
    return plain


OPEN = "auto"
"""What is given for the dimension of a collection whose first vector shall say it."""


def collection_dimension(dim: object, dtype: DType) -> int:
    """The dimension of a new collection, as `dimension`; 0 for "auto", while it is open."""
    if dim is None or isinstance(dim, str):
        if dim == OPEN:
            return 0
        raise ArgumentTypeError(
            f'dim must be an int, or "{OPEN}" for that of the first vector, got {shown(dim)}',
            expected="int",
            received=type(dim).__name__,
        )
    return dimension(dim, dtype)


def vector_type(dtype: object, metric: Metric) -> DType:
    """The dtype of a collection with that metric."""
    row = dtype_named(dtype)
    if row.name not in metric.dtypes:
        raise InvalidArgumentError(
            f"dtype must be {' or '.join(map(repr, metric.dtypes))} for metric {metric.name!r}, "
            f"got {row.name!r}",
            expected=metric.dtypes,
            received=row.name,
        )
    return row


def index_config(index: object) -> IndexConfig:
    """An `HNSW` or a `Flat`; None is the default HNSW."""
    if index is None:
        return HNSW()
    if isinstance(index, HNSW | Flat):
        return index
    raise ArgumentTypeError(
        f"index must be vdb.HNSW(...) or vdb.Flat(), got {type(index).__name__}",
        expected="HNSW | Flat",
        received=type(index).__name__,
    )


def fitting_index(index: IndexConfig, metric: Metric, dtype: DType) -> IndexConfig:
    """The same index; refuses codes where the metric or the dtype has none."""
    if isinstance(index, HNSW):
        require_codes(index.codes, metric, dtype)
    return index


def model_text(model: object) -> str | None:
    """Free text on where the vectors come from, at most 1,024 bytes of UTF-8, or None."""
    if model is None:
        return None
    plain = text("model", model)
    try:
        size = len(plain.encode())
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(
            f"model is not text that UTF-8 can hold: {error.reason}", expected="str"
        ) from None
    if size > LIMITS.model_bytes:
        raise InvalidArgumentError(
            f"model may be at most {LIMITS.model_bytes} bytes of UTF-8, got {size}",
            expected=LIMITS.model_bytes,
            received=size,
        )
    return plain


# Parameters of calls


def neighbors(k: object, threshold: object) -> int | None:
    """``k`` of a search: at least 1, or None when a threshold bounds the answer instead."""
    if k is None:
        if threshold is None:
            raise InvalidArgumentError(
                "k=None finds everything at least as close as threshold=; give one of the two",
                expected="k or threshold",
                received=None,
            )
        return None
    return whole("k", k, 1, LIMITS.slots)


def search_width(ef: object) -> int | None:
    """``ef`` of a search: 1..1,000,000, or None for the default."""
    return None if ef is None else whole("ef", ef, 1, LIMITS.ef)


def thread_count(threads: object, *, default: int | None = None) -> int:
    """A number of threads: 1..1,024; None is the default, or all processors usable here."""
    if threads is not None:
        return whole("threads", threads, 1, LIMITS.threads)
    return usable_processors() if default is None else default


def usable_processors() -> int:
    """How many processors this process may run on, at most 64."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        usable = os.cpu_count() or 1
    return min(usable, 64)


def durability_name(durability: object) -> str:
    """One of full and relaxed."""
    return choice("durability", durability, DURABILITIES)


def verification(verify: object) -> str:
    """One of auto, full and off."""
    return choice("verify", verify, ("auto", "full", "off"))


def resident_memory(resident: object) -> int | Literal["auto", "off"]:
    """Auto, off, or a number of bytes, zero or more."""
    if isinstance(resident, str):
        if resident == "auto":
            return "auto"
        if resident == "off":
            return "off"
        raise InvalidArgumentError(
            f'resident must be "auto", "off" or a number of bytes, got {shown(resident)}',
            expected="auto, off, or bytes",
            received=resident,
        )
    return whole("resident", resident, 0, 1 << 62)


def timeout_seconds(name: str, seconds: object) -> float:
    """A number of seconds, zero or more."""
    value = number(name, seconds)
    if value < 0:
        raise InvalidArgumentError(
            f"{name} is in seconds and cannot be negative, got {value:g}",
            expected="0 or more",
            received=value,
        )
    return value
