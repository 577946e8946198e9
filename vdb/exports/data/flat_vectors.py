"""fbin, hbin, i8bin and fvecs: a file of numbers, with lines of JSON and the schema beside it.

fbin, hbin, i8bin: uint32 rows, uint32 columns, the numbers row by row
(https://big-ann-benchmarks.com). fvecs: each vector has its length, an int32, before it
(http://corpus-texmex.irisa.fr). All numbers are little-endian.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.exports.content import Content
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.collection_schema import write_schema
from vdb.exports.writing.records_beside import record_lines
from vdb.exports.writing.requirements import require_dtype, required_dim

__all__ = ["FORMATS"]

_MOST_ROWS: Final = 2**32 - 1


class _Layout(NamedTuple):
    """One format: its name, the type of its numbers, and the dtypes that this type holds."""

    name: str
    numbers: str
    dtypes: tuple[str, ...]

    @property
    def has_lengths(self) -> bool:
        """Whether each row has its length before it, and the file no head."""
        return self.name == "fvecs"


_LAYOUTS: Final = (
    _Layout("fbin", "float32", ("float32", "float16", "int8")),
    _Layout("hbin", "float16", ("float16", "int8")),
    _Layout("i8bin", "int8", ("int8",)),
    _Layout("fvecs", "float32", ("float32", "float16", "int8")),
)


def _prepare(layout: _Layout, content: Content) -> Writing:
    required_dim(content, layout.name)
    require_dtype(content, layout.name, layout.dtypes)
    if content.with_vector > _MOST_ROWS:
        raise InvalidArgumentError(
            f"{layout.name} takes at most {_MOST_ROWS:,} vectors; {content.name} has "
            f"{content.with_vector:,}",
            expected=_MOST_ROWS,
            received=content.with_vector,
        )
    notes = [f"ids and payloads are in the .jsonl file: {layout.name} has no room for them"]
    if content.dtype != layout.numbers:
        notes.append(f"vectors of {content.dtype} are written as {layout.numbers}")
    suffixes = (f".{layout.name}", ".jsonl", ".json")
    return Writing(suffixes, partial(_write, layout, content), tuple(notes))


def _write(layout: _Layout, content: Content, places: Sequence[Path]) -> None:
    """Row i and line i are of record i; records without a vector have no row."""
    main, jsonl, schema = places
    write_schema(content, schema)
    with main.open("wb") as rows, jsonl.open("w", encoding="utf-8", newline="\n") as lines:
        if not layout.has_lengths:
            rows.write(np.array([content.with_vector, content.dim], "<u4").tobytes())
        for batch in content.batches():
            rows.write(_bytes(layout, batch.present))
            lines.writelines(record_lines(batch, optional_vectors=content.optional_vectors))


def _bytes(layout: _Layout, vectors: NDArray[np.generic]) -> bytes:
    numbers = vectors.astype(np.dtype(layout.numbers).newbyteorder("<"), copy=False)
    if layout.has_lengths:
        lengths = np.full((len(numbers), 1), numbers.shape[1], "<i4")
        numbers = np.hstack([lengths, np.ascontiguousarray(numbers).view("<i4")])
    return numbers.tobytes()


def _format(layout: _Layout) -> ExportFormat:
    kind = "vectors of TEXMEX" if layout.has_lengths else "a matrix of the billion-scale benchmarks"
    return ExportFormat(
        name=layout.name,
        title=f"{kind}, numbers of {layout.numbers}, with ids and payloads in lines of JSON",
        kind="data",
        suffixes=(f".{layout.name}",),
        prepare=partial(_prepare, layout),
        versions="numpy 2.4.6",
        holds="the vectors; PREFIX.jsonl has ids and payloads, PREFIX.json the schema",
        lacks=f"bits; {', '.join(layout.dtypes)} are written",
    )


FORMATS: Final = tuple(map(_format, _LAYOUTS))
