"""npy: PREFIX.npy, PREFIX.jsonl with ids and payloads, and PREFIX.json with the schema."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from vdb.exports.content import Content
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.collection_schema import write_schema
from vdb.exports.writing.records_beside import record_lines

__all__ = ["FORMAT"]


def _prepare(content: Content) -> Writing:
    return Writing((".npy", ".jsonl", ".json"), partial(_write, content))


def _write(content: Content, places: Sequence[Path]) -> None:
    """Row i and line i are of record i; records without a vector have no row."""
    npy, jsonl, schema = places
    write_schema(content, schema)
    header = {
        "descr": np.lib.format.dtype_to_descr(content.numbers),
        "fortran_order": False,
        "shape": (content.with_vector, content.columns),
    }
    with npy.open("wb") as rows, jsonl.open("w", encoding="utf-8", newline="\n") as lines:
        np.lib.format.write_array_header_1_0(rows, header)
        for batch in content.batches():
            rows.write(np.ascontiguousarray(batch.present).data)
            lines.writelines(record_lines(batch, optional_vectors=content.optional_vectors))


FORMAT = ExportFormat(
    name="npy",
    title="an array of numpy, lines of JSON with ids and payloads, and the schema",
    kind="data",
    suffixes=(".npy",),
    prepare=_prepare,
    versions="numpy 2.4.6",
    holds="everything: vdb import makes the same collection again",
)
