"""The parameters of a generation to be built: those that were asked for, the rest as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DimensionMismatchError, InvalidArgumentError
from vdb.index import new_generation
from vdb.maintenance.rebuild.request import RebuildRequest
from vdb.model import config
from vdb.model.arguments import text, truth, whole
from vdb.model.config import IndexConfig, index_from_map, index_to_map
from vdb.model.dtypes import DTYPES, DType, dtype_named
from vdb.model.metrics import METRICS, UNIT_TOLERANCE, metric_named
from vdb.scores.table import convention_named
from vdb.store.format import blocks
from vdb.store.format.embedding import Embedding
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import LONGEST_REASON

__all__ = ["GenerationSpec", "reason_text", "refused_norms", "require_dimension", "target_dtype"]


@dataclass(frozen=True, slots=True)
class GenerationSpec:
    """The parameters of a generation.

    Attributes:
        metric: Name of its metric.
        dtype: How its vectors are stored.
        index: Parameters of its index.
        scores: Default convention of results once it is in use.
        embedding: Dimension and model of its vectors.
        origin: How these follow from the stored ones; as `GenerationRecord.origin`.
    """

    metric: str
    dtype: str
    index: IndexConfig
    scores: str
    embedding: Embedding
    origin: str

    @classmethod
    def of(
        cls,
        header: CollectionHeader,
        present: GenerationRecord,
        request: RebuildRequest,
        *,
        source_dim: int | None = None,
    ) -> Self:
        """What is asked for; None stands for what the collection has.

        `source_dim` is the dimension of vectors that are not the stored ones, None without such.

        Raises:
            InvalidArgumentError: No such metric, dtype or index, they do not go together, or the
                metric has no such convention.
        """
        name = header.metric if request.metric is None else metric_named(request.metric).name
        kind = target_dtype(header, request)
        _require_matching(header, name, kind)
        embedding = Embedding(
            _dimension(header, request, kind, source_dim), _model(header, request)
        )
        normalize = _normalize(request, kind)
        origin = "external" if source_dim is not None else "normalized" if normalize else "stored"
        parameters = (
            index_from_map(present.index)
            if request.index is None
            else config.index_config(request.index)
        )
        parameters = config.fitting_index(parameters, METRICS[name], kind)
        convention = _convention(header, request.scores, name, kind)
        return cls(name, kind.name, parameters, convention, embedding, origin)

    @classmethod
    def stored(cls, record: GenerationRecord, header: CollectionHeader) -> Self:
        """The parameters of a generation that is stored and not in use."""
        return cls(
            record.metric,
            record.dtype,
            index_from_map(record.index),
            "native" if record.build is None else record.build.scores,
            header.embedding_in(record),
            record.origin,
        )

    def has_own_vectors(self, header: CollectionHeader) -> bool:
        """Whether its vectors are others than the stored ones, or stored otherwise."""
        present = header.dtype, header.dim, "stored"
        return (self.dtype, self.embedding.dim, self.origin) != present

    def record(
        self, number: int, header: CollectionHeader, present: GenerationRecord
    ) -> GenerationRecord:
        """An empty generation of this kind; with the same vectors as `present`, it shares them."""
        shared = None if self.has_own_vectors(header) else present.vectors
        record = new_generation(number, self.metric, self.dtype, self.index, vectors=shared)
        record.embedding = None if self.embedding == header.embedding else self.embedding
        record.origin = self.origin
        return record

    def vector_bytes(self, slots: int) -> int:
        """Bytes of blocks that vectors in so many slots take."""
        size = blocks.vector_row_size(self.embedding.dim, self.dtype)
        rows = blocks.rows_per_block(blocks.BIG_BLOCK, size, blocks.VECTORS)
        return -(-slots // rows) * blocks.BIG_BLOCK

    def block_bytes(self, header: CollectionHeader, small_block: int) -> int:
        """Bytes of blocks of links and codes for all slots of the collection."""
        slots, parameters = header.slots, index_to_map(self.index)
        if parameters["type"] == "flat":
            return 0
        M, total = parameters["M"], 0
        if parameters["codes"] is not None:
            size = blocks.code_row_size(self.embedding.dim, parameters["codes"])
            rows = blocks.rows_per_block(blocks.BIG_BLOCK, size, blocks.CODES)
            total += -(-slots // rows) * blocks.BIG_BLOCK
        for level in range(blocks.link_levels(M)):
            if M**level > max(1, slots):
                break
            rows = blocks.rows_per_block(small_block, blocks.link_row_size(M, level), blocks.LINKS)
            total += -(-slots // (M**level * rows)) * small_block
        return total


def require_dimension(header: CollectionHeader) -> None:
    """Refuse a collection without a vector so far, whose dimension is open."""
    if header.dim == 0:
        raise InvalidArgumentError(
            f"collection {header.name!r} has no dimension yet, and nothing to rebuild; to have "
            "another metric, dtype or index, drop it and create it anew",
            expected="a collection with a dimension",
            received=None,
        )


def target_dtype(header: CollectionHeader, request: RebuildRequest) -> DType:
    """How the vectors of the new generation are stored."""
    return DTYPES[header.dtype] if request.dtype is None else dtype_named(request.dtype)


def _require_matching(header: CollectionHeader, metric: str, kind: DType) -> None:
    """Refuse a dtype that the metric does not have."""
    dtypes = METRICS[metric].dtypes
    if kind.name not in dtypes:
        hint = "metric=" if kind.name != header.dtype else "dtype="
        raise InvalidArgumentError(
            f"metric {metric!r} is for vectors of {' or '.join(dtypes)}, and those of collection "
            f"{header.name!r} would be {kind.name}; give {hint} too",
            expected=dtypes,
            received=kind.name,
        )


def _dimension(
    header: CollectionHeader, request: RebuildRequest, kind: DType, source_dim: int | None
) -> int:
    """Numbers in a new vector; refuses too many for a row, and more than there are."""
    dim = header.dim if source_dim is None else source_dim
    if request.truncate is not None:
        length = whole("truncate", request.truncate, 1, kind.largest_dim)
        if length > dim:
            raise InvalidArgumentError(
                f"truncate={length} keeps more numbers than the {dim} that vectors have",
                expected=f"1 to {dim}",
                received=length,
            )
        dim = length
    if request.dim is not None and whole("dim", request.dim, 1, kind.largest_dim) != dim:
        change = "vectors= gives" if source_dim is not None else "the stored vectors have"
        if request.truncate is not None:
            change = "truncate= leaves"
        raise DimensionMismatchError(
            f"dim={request.dim}, and {change} {dim} numbers a vector; other vectors are given by "
            "vectors=, and shorter ones made by truncate=",
            expected=dim,
            received=request.dim,
        )
    if (kind.name, dim) == (header.dtype, header.dim):
        return dim
    return config.dimension(dim, kind)


def _model(header: CollectionHeader, request: RebuildRequest) -> str | None:
    """The text for the model of the new vectors; refuses to keep one that is sure to be wrong."""
    model = config.model_text(request.model)
    if model is None:
        if request.vectors is not None and header.model is not None:
            raise InvalidArgumentError(
                f"collection {header.name!r} has vectors of model {header.model!r}; say in model= "
                "where those of vectors= come from",
                expected="model=",
                received=None,
            )
        return header.model
    same_vectors = request.vectors is request.truncate is None and request.normalize is False
    if same_vectors and header.model not in (None, model):
        raise InvalidArgumentError(
            f"collection {header.name!r} has vectors of model {header.model!r}, which stay what "
            f"they are: give vectors=, a function or a table with those of {model!r}",
            expected="vectors=",
            received=model,
        )
    return model


def _normalize(request: RebuildRequest, kind: DType) -> bool:
    normalize = truth("normalize", request.normalize)
    if normalize and not kind.real:
        raise InvalidArgumentError(
            f"normalize scales vectors to length 1, which {kind.name} cannot store; give dtype= "
            "too, or leave it out",
            expected="float32 or float16",
            received=kind.name,
        )
    return normalize


def _convention(header: CollectionHeader, scores: object, metric: str, kind: DType) -> str:
    """The default convention of the new generation."""
    if scores is not None:
        return convention_named(scores, metric, dtype=kind.name, argument="scores").name
    try:
        return convention_named(header.scores, metric, dtype=kind.name, argument="scores").name
    except InvalidArgumentError as error:
        raise InvalidArgumentError(
            f"results of collection {header.name!r} are scored as {header.scores!r} by default, "
            f"which metric {metric!r} of {kind.name} does not have; give scores= for the new "
            "generation",
            expected=error.expected,
            received=header.scores,
        ) from None


def refused_norms(metric: str, dtype: str, norms: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which vectors of these lengths (L2 norms) the metric refuses, bool (n,)."""
    row = METRICS[metric]
    lengths = norms.astype(np.float64)
    refused = lengths < row.shortest
    if row.asks_for_unit(DTYPES[dtype]):
        # Lengths are stored as float32: a vector at the very bound must not fail by rounding.
        refused |= np.abs(lengths**2 - 1) > UNIT_TOLERANCE + 1e-6
    return refused


def reason_text(reason: object) -> str:
    """Free text for the history, at most 256 bytes of UTF-8."""
    plain = text("reason", reason)
    size = len(plain.encode(errors="surrogatepass"))
    if size > LONGEST_REASON or any("\ud800" <= c <= "\udfff" for c in plain):
        raise InvalidArgumentError(
            f"reason may be at most {LONGEST_REASON} bytes of UTF-8, got {size}",
            expected=LONGEST_REASON,
            received=size,
        )
    return plain
