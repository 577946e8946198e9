"""The parameters of a generation to be built: those that were asked for, the rest as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.index import new_generation
from vdb.model import config
from vdb.model.arguments import text
from vdb.model.config import IndexConfig, index_from_map, index_to_map
from vdb.model.dtypes import DTYPES, DType, dtype_named
from vdb.model.metrics import METRICS, UNIT_TOLERANCE, metric_named
from vdb.scores.table import convention_named
from vdb.store.format import blocks
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import LONGEST_REASON

__all__ = ["GenerationSpec", "reason_text", "refused_norms"]


@dataclass(frozen=True, slots=True)
class GenerationSpec:
    """The parameters of a generation.

    Attributes:
        metric: Name of its metric.
        dtype: How its vectors are stored.
        index: Parameters of its index.
        scores: Default convention of results once it is in use.
    """

    metric: str
    dtype: str
    index: IndexConfig
    scores: str

    @classmethod
    def of(
        cls,
        header: CollectionHeader,
        present: GenerationRecord,
        *,
        metric: object,
        dtype: object,
        index: object,
        scores: object,
    ) -> Self:
        """What is asked for; None stands for what the collection has.

        Raises:
            InvalidArgumentError: No such metric, dtype or index, they do not go together, or the
                metric has no such convention.
        """
        name = header.metric if metric is None else metric_named(metric).name
        kind = DTYPES[header.dtype] if dtype is None else dtype_named(dtype)
        _require_matching(header, name, kind)
        parameters = index_from_map(present.index) if index is None else config.index_config(index)
        parameters = config.fitting_index(parameters, METRICS[name], kind)
        if scores is not None:
            convention = convention_named(scores, name, dtype=kind.name, argument="scores").name
        else:
            try:
                convention = convention_named(
                    header.scores, name, dtype=kind.name, argument="scores"
                ).name
            except InvalidArgumentError as error:
                raise InvalidArgumentError(
                    f"results of collection {header.name!r} are scored as {header.scores!r} by "
                    f"default, which metric {name!r} of {kind.name} does not have; give scores= "
                    "for the new generation",
                    expected=error.expected,
                    received=header.scores,
                ) from None
        return cls(name, kind.name, parameters, convention)

    @classmethod
    def stored(cls, record: GenerationRecord) -> Self:
        """The parameters of a generation that is stored and not in use."""
        scores = "native" if record.build is None else record.build.scores
        return cls(record.metric, record.dtype, index_from_map(record.index), scores)

    def record(self, number: int, present: GenerationRecord) -> GenerationRecord:
        """An empty generation of this kind; of the same dtype, it shares vectors with `present`."""
        shared = present.vectors if self.dtype == present.dtype else None
        return new_generation(number, self.metric, self.dtype, self.index, vectors=shared)

    def vector_bytes(self, dim: int, slots: int) -> int:
        """Bytes of blocks that vectors in so many slots take."""
        size = blocks.vector_row_size(dim, self.dtype)
        rows = blocks.rows_per_block(blocks.BIG_BLOCK, size, blocks.VECTORS)
        return -(-slots // rows) * blocks.BIG_BLOCK

    def block_bytes(self, header: CollectionHeader, small_block: int) -> int:
        """Bytes of blocks of links and codes for all slots of the collection."""
        slots, parameters = header.slots, index_to_map(self.index)
        if parameters["type"] == "flat":
            return 0
        M, total = parameters["M"], 0
        if parameters["codes"] is not None:
            size = blocks.code_row_size(header.dim, parameters["codes"])
            rows = blocks.rows_per_block(blocks.BIG_BLOCK, size, blocks.CODES)
            total += -(-slots // rows) * blocks.BIG_BLOCK
        for level in range(blocks.link_levels(M)):
            if M**level > max(1, slots):
                break
            rows = blocks.rows_per_block(small_block, blocks.link_row_size(M, level), blocks.LINKS)
            total += -(-slots // (M**level * rows)) * small_block
        return total


def _require_matching(header: CollectionHeader, metric: str, kind: DType) -> None:
    """Refuse a dtype that the metric does not have, or vectors too long for a row."""
    dtypes = METRICS[metric].dtypes
    if kind.name not in dtypes:
        hint = "metric=" if kind.name != header.dtype else "dtype="
        raise InvalidArgumentError(
            f"metric {metric!r} is for vectors of {' or '.join(dtypes)}, and those of collection "
            f"{header.name!r} would be {kind.name}; give {hint} too",
            expected=dtypes,
            received=kind.name,
        )
    if kind.name != header.dtype:
        config.dimension(header.dim, kind)


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
