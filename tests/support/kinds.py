"""Every metric with every dtype it takes, and vectors to go with them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS


class Kind(NamedTuple):
    """A metric and a dtype that go together."""

    metric: str
    dtype: str

    def __str__(self) -> str:
        return f"{self.metric}-{self.dtype}"

    @property
    def unit(self) -> bool:
        """Whether its vectors must have length 1."""
        return METRICS[self.metric].asks_for_unit(DTYPES[self.dtype])

    def stored(self, floats: ArrayLike) -> NDArray[Any]:
        """Rows of this kind that look like those of ``floats``, shape (n, dim), around zero.

        int8 has them forty times as large, rounded; bits say which are positive, packed.
        """
        rows = np.asarray(floats, dtype=np.float64)
        if self.dtype == "bit":
            return np.packbits(rows > 0, axis=-1)
        if self.dtype == "int8":
            return np.clip(np.rint(rows * 40), -128, 127).astype(np.int8)
        if self.unit:
            rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
        return rows.astype(self.dtype)

    def queries(self, floats: ArrayLike) -> NDArray[Any]:
        """The same as queries: those on float16 are not rounded to it."""
        own = Kind(self.metric, "float32") if self.dtype == "float16" else self
        return own.stored(floats)


KINDS = [Kind(metric.name, dtype) for metric in METRICS.values() for dtype in metric.dtypes]
