"""The interface of a source: what it holds, and its records in parts. One subclass a format."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ClosedError, InvalidArgumentError
from vdb.kernel import TableColumn, text_column, vector_column
from vdb.model import arguments
from vdb.model.arguments import shown
from vdb.model.config import LIMITS
from vdb.model.records import Payload
from vdb.model.tables.arrow_table import ArrowTable
from vdb.model.tables.columns import id_column
from vdb.model.tables.layout import RecordLayout, TableLayout
from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Engine
from vdb.sources.gathering import gathered
from vdb.sources.info import SourceInfo

__all__ = ["PART_BYTES", "PART_ROWS", "Source"]

PART_ROWS: Final = 65_536
PART_BYTES: Final = 32 << 20
"""A part has at most so many records, and bytes of vectors."""

_MOST_ROWS = 1_000_000
_PLAIN: Final = (np.float16, np.float32, np.float64, np.int8, np.uint8)


class Source(ArrowTable):
    """Records of another system. Made by `vdb.sources.open`; also a context manager.

    It is a table: libraries that read Arrow's stream take it as it is, with the columns id, vector
    and payload (JSON). Each reading begins anew, and needs memory for one part of the records.

    Attributes:
        info: What it holds.
        skipped: Rows left out by the latest reading, by reason, such as "deleted".
    """

    __slots__ = ("_closed", "_closing", "info", "skipped")

    info: SourceInfo
    skipped: Counter[str]

    def __init__(self, info: SourceInfo, *closing: Callable[[], object]) -> None:
        """`closing`: what closes its files."""
        self.info = info
        self._closing = closing
        self.skipped = Counter()
        self._closed = False

    @abstractmethod
    def _records(self, rows: int) -> Iterator[SourceBatch]:
        """All records in order, in parts of at most `rows`; counts in `skipped` what it leaves."""

    def _id_records(self, rows: int) -> Iterator[SourceBatch]:
        """As `_records`; only ids and places are looked at, and vectors may be left out."""
        return self._records(rows)

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - for those that have one
        """As `engine`; raises ImportError where the library is not installed."""
        return None

    def engine(self, metric: str) -> Engine | None:
        """The library that made the source, opened on it to be asked for neighbours.

        Args:
            metric: That of the collection, for formats that do not know theirs.

        Returns:
            None where the library is not installed, or there is none.

        Example:
            engine = source.engine("l2")
        """
        try:
            return self._library(metric)
        except ImportError:
            return None

    def ground_truth(self) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
        """Queries (n, dim) and the row numbers (n, k) of their neighbours, if the source has them.

        Example:
            queries, rows = source.ground_truth()
        """
        return None

    def batches(self, rows: int | None = None) -> Iterator[SourceBatch]:
        """The records, part by part.

        Args:
            rows: Records of a part, 1..1,000,000. None: 65,536, or fewer that make 32 MiB.

        Raises:
            SourceError: The source is damaged; what came before it was read as it is.
            ClosedError: The source was closed.

        Example:
            for batch in source.batches():
                print(batch.ids[:3], batch.vectors.shape)
        """
        most = self.part_rows if rows is None else arguments.whole("rows", rows, 1, _MOST_ROWS)
        yield from self._reading(self._records, most)

    def id_batches(self) -> Iterator[SourceBatch]:
        """The records part by part, of which only ids and places count: vectors may be left out.

        Reads less than `batches` where ids lie apart from the vectors.

        Example:
            ids = [one for batch in source.id_batches() for one in batch.id_list()]
        """
        yield from self._reading(self._id_records, PART_ROWS)

    def _reading(
        self, records: Callable[[int], Iterator[SourceBatch]], rows: int
    ) -> Iterator[SourceBatch]:
        self._require_open()
        self.skipped = Counter()
        for batch in gathered(records(rows), rows):
            self._require_open()
            yield batch

    def checksum(self) -> str:
        """A checksum of all ids, vectors and payloads in order: BLAKE2b, 32 hexadecimal digits.

        Two sources of the same records have the same one, whatever their formats.

        Example:
            assert source.checksum() == copy.checksum()
        """
        # One for each column, so that it does not matter where parts end.
        ids, vectors, payloads = (hashlib.blake2b(digest_size=16) for _ in range(3))
        for batch in self.batches():
            for one in batch.id_list():
                ids.update(f"{one!r}\n".encode("utf-8", "surrogatepass"))
            vectors.update(np.ascontiguousarray(_canonical(batch.vectors)).view(np.uint8).data)
            for payload in batch.payload_list():
                payloads.update(f"{json.dumps(payload, default=str)}\n".encode())
        parts = b"".join(column.digest() for column in (ids, vectors, payloads))
        return hashlib.blake2b(parts, digest_size=16).hexdigest()

    def close(self) -> None:
        """Closes its files. Readings that are under way end with ClosedError."""
        self._closed = True
        for close in self._closing:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        info = self.info
        count = "records" if info.count is None else f"{info.count:,} records"
        return f"<Source {info.format}: {count} of {shown(info.path)}>"

    @property
    def part_rows(self) -> int:
        """How many records a part of `batches` has: 65,536, or fewer that make 32 MiB."""
        width = 8 * max(1, self.info.dim or 1)
        return max(1, min(PART_ROWS, PART_BYTES // width))

    def _require_open(self) -> None:
        if self._closed:
            raise ClosedError(f"this source was closed: {self.info.path}")

    # As a table

    def _layout(self) -> TableLayout:
        info = self.info
        kind = "str" if info.ids == "str" else "int"
        numbers = np.dtype(np.uint8 if info.dtype == "bit" else _table_type(info.numbers))
        width = (info.dim or 0) // 8 if info.dtype == "bit" else info.dim or 0
        records = RecordLayout(kind, (), info.dtype, info.dim or 0)
        return TableLayout(records, {}, vectors=(numbers, width))

    def _batches(self) -> Iterator[list[TableColumn]]:
        layout = self._layout()
        for batch in self.batches():
            present = None if batch.missing is None else ~batch.missing
            assert layout.vectors is not None  # noqa: S101 - given by _layout
            vectors = np.ascontiguousarray(batch.vectors, dtype=layout.vectors[0])
            ids = batch.ids if isinstance(batch.ids, np.ndarray) else batch.id_list()
            if layout.records.id_kind == "int":
                _require_64_bits(batch, self.info.path)
            yield [
                id_column(ids, layout.records.id_kind),
                vector_column(vectors) if present is None else vector_column(vectors, present),
                text_column([_json(payload) for payload in batch.payload_list()]),
            ]


def _require_64_bits(batch: SourceBatch, path: str) -> None:
    """Refuse ids that a table's column of whole numbers cannot hold."""
    if isinstance(batch.ids, np.ndarray):
        return
    for row, one in enumerate(batch.ids):
        if not isinstance(one, int) or not LIMITS.id_min <= one <= LIMITS.id_max:
            raise InvalidArgumentError(
                f"{path}: {batch.place(row)}: the id {shown(one)} is no whole number of 64 bits, "
                'as a table of this source has them; import_source(..., ids="text") takes such '
                "ids as texts",
                expected="int64",
                received=one,
            )


def _table_type(numbers: str) -> np.dtype[Any]:
    """The type of numbers in a table: as they are stored, or float32, which holds bfloat16."""
    try:
        kind = np.dtype(numbers)
    except TypeError:
        return np.dtype(np.float32)
    return kind if kind.type in _PLAIN else np.dtype(np.float32)


def _canonical(vectors: NDArray[Any]) -> NDArray[Any]:
    """Vectors as little-endian numbers."""
    return vectors.astype(vectors.dtype.newbyteorder("<"), copy=False)


def _json(payload: Payload) -> str | None:
    return None if payload is None else json.dumps(payload, ensure_ascii=False)
