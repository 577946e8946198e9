"""Chroma's HNSW index: a directory of header.bin, data_level0.bin, length.bin and a pickle.

header.bin, little-endian: u32 1, u64 0, capacity, count, bytes of a record, offset of its label,
offset of its vector, and the graph. data_level0.bin has the records: links, vector, label, and
bit 0x01 of byte 2 for a deleted one. length.bin has the float32 length of each record's vector,
which lies at unit length under cosine. The pickle has the labels by id. Source: hnswalg.h of
chroma-hnswlib 0.7.3, and the files of 0.4 to 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.plain_pickle import PlainObject, PlainPickleError, plain_values

__all__ = ["VectorSegment"]

_HEAD: Final = "<I6Q"
_LABEL: Final = 8
_DELETED: Final = 1
_MARK: Final = 2
_ADMITTED: Final = frozenset(["chromadb.segment.impl.vector.local_persistent_hnsw.PersistentData"])
_SCATTERED: Final = 4
"""Records are read one by one where they lie this many times further apart than side by side."""


class VectorSegment:
    """One index.

    Attributes:
        labels: Labels by id.
        taken_in: The last operation of the queue that it has, as the pickle says; 0 for none.
    """

    def __init__(self, directory: Path, dim: int) -> None:
        head = ByteFile(directory / "header.bin")
        version, _, _, count, width, label, vector = head.numbers_at(0, _HEAD, "the head")
        if version != 1 or width != label + _LABEL or label - vector != 4 * dim or vector < 4:
            raise head.error(
                "the head",
                f"of version {version} says {width:,} bytes a record, its vector at {vector:,} "
                f"and its label at {label:,}; the catalogue says {dim:,} dimensions",
            )
        head.close()
        self._file = ByteFile(directory / "data_level0.bin")
        self._lengths = ByteFile(directory / "length.bin")
        self._width, self._vector, self._label = width, vector, label
        pickle = ByteFile(directory / "index_metadata.pickle")
        self.labels, self.taken_in = _labels(pickle)
        pickle.close()
        self._places = self._labelled(count)

    @staticmethod
    def saved(directory: Path) -> bool:
        """Whether the index was saved; before, its files are places without records."""
        return (directory / "index_metadata.pickle").is_file()

    def vectors(self, ids: Sequence[str], *, unit: bool) -> NDArray[np.float32]:
        """Vectors (n, dim) of records; those at unit length are multiplied by their lengths.

        Raises:
            SourceError: The index has no such record, or is damaged.
        """
        places = []
        for record in ids:
            place = self._places.get(self.labels.get(record, -1))
            if place is None:
                raise self._file.error(f"record {record!r}", "has a label that no place has")
            places.append(place)
        numbers = np.array(places, np.int64)
        records = self._rows(numbers)
        vectors = records[:, self._vector : self._label].copy().view("<f4")
        if unit:
            lengths = self._lengths.array_at(0, "<f4", int(numbers.max()) + 1, "the lengths")
            vectors *= lengths[numbers][:, np.newaxis]
        return vectors

    def close(self) -> None:
        """Close its files."""
        self._file.close()
        self._lengths.close()

    def _rows(self, places: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Records (n, width) as bytes."""
        first, last = int(places.min()), int(places.max()) + 1
        if last - first <= _SCATTERED * len(places):
            block = self._file.rows_at(
                first * self._width, np.uint8, last - first, self._width, "the records"
            )
            return block[places - first]
        return np.stack(
            [
                self._file.array_at(place * self._width, np.uint8, self._width, "the records")
                for place in places.tolist()
            ]
        )

    def _labelled(self, count: int) -> Mapping[int, int]:
        """Places by label, deleted ones left out."""
        places: dict[int, int] = {}
        most = max(1, (32 << 20) // self._width)
        for start, part in self._file.parts(0, np.uint8, count, self._width, most, "the records"):
            labels = part[:, self._label :].copy().view("<u8")[:, 0]
            alive = np.flatnonzero((part[:, _MARK] & _DELETED) == 0)
            places.update(zip(labels[alive].tolist(), (alive + start).tolist(), strict=True))
        return places


def _labels(file: ByteFile) -> tuple[Mapping[str, int], int]:
    """Labels by id, and the last operation taken in."""
    try:
        value = plain_values(file.bytes_at(0, file.size, "the pickle"), _ADMITTED)
    except PlainPickleError as error:
        raise file.error("the pickle", str(error)) from error
    if isinstance(value, PlainObject):
        value = value.state
    fields: dict[Any, Any] = value if isinstance(value, dict) else {}
    labels, taken_in = fields.get("id_to_label"), fields.get("max_seq_id") or 0
    if not isinstance(labels, dict) or not isinstance(taken_in, int) or not all(_fit(labels)):
        raise file.error("the pickle", "has no labels by id")
    return labels, taken_in


def _fit(labels: Mapping[Any, Any]) -> Iterator[bool]:
    for record, label in labels.items():
        yield isinstance(record, str) and isinstance(label, int)
