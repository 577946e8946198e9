"""The files of an export: written beside their places, and renamed when all are complete."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vdb.cli.formats.parquet import METADATA, pyarrow_parquet
from vdb.cli.formats.schema_file import SUFFIX
from vdb.cli.new_files import replacing
from vdb.errors import InvalidArgumentError
from vdb.model.records import Record

__all__ = ["Shape", "line_of", "npy_and_jsonl", "parquet"]

ROWS = 1024  # records between two looks at the progress, and of a Parquet row group's part

Show = Callable[[int], object]


class Shape(NamedTuple):
    """What comes: so many records, and what a row of their vectors is."""

    records: int
    columns: int
    dtype: np.dtype[Any]


def npy_and_jsonl(
    records: Iterable[Record],
    shape: Shape,
    schema: dict[str, Any],
    prefix: Path,
    *,
    force: bool,
    progress: Show,
) -> list[Path]:
    """PREFIX.npy and PREFIX.jsonl, row i and line i for record i, and PREFIX.json, the schema.

    Returns where they are.

    Raises:
        InvalidArgumentError: One is there already, and not to be replaced.
        OSError: They cannot be written; nothing is left behind.
    """
    places = [_named(prefix, suffix) for suffix in (".npy", ".jsonl", SUFFIX)]
    _refuse_present(places, force=force)
    with replacing(*places) as (npy, jsonl, made_of):
        text = json.dumps(schema, ensure_ascii=False, indent=2)
        made_of.write_text(f"{text}\n", encoding="utf-8", newline="\n")
        header = {
            "descr": np.lib.format.dtype_to_descr(shape.dtype),
            "fortran_order": False,
            "shape": (shape.records, shape.columns),
        }
        with npy.open("wb") as rows, jsonl.open("w", encoding="utf-8", newline="\n") as lines:
            np.lib.format.write_array_header_1_0(rows, header)
            for done, part in _parts(records):
                rows.write(np.stack([record.vector for record in part]).tobytes())
                lines.writelines(line_of(record) + "\n" for record in part)
                progress(done)
    return places


def line_of(record: Record) -> str:
    """An id and a payload as one JSON object, which `record_lines` reads as the same two.

    Fields of the payload stand beside the id; a payload that cannot stand there (no object, none of
    its own fields, or one with a field of that name) is put under "payload".
    """
    payload = record.payload
    line: dict[str, Any] = {"id": record.id}
    if payload is not None:
        beside = isinstance(payload, dict) and payload and "id" not in payload
        if beside and payload.keys() != {"payload"}:
            line |= payload
        else:
            line["payload"] = payload
    return json.dumps(line, ensure_ascii=False, allow_nan=False)


def parquet(
    records: Iterable[Record],
    shape: Shape,
    schema: dict[str, Any],
    prefix: Path,
    *,
    force: bool,
    progress: Show,
) -> list[Path]:
    """PREFIX.parquet: columns id, vector (a list of fixed length) and payload (JSON, or null).

    The schema is in its metadata.

    Raises:
        InvalidArgumentError: pyarrow is missing, or the file is there already.
        OSError: It cannot be written; nothing is left behind.
    """
    pa, pq = pyarrow_parquet()
    place = _named(prefix, ".parquet")
    _refuse_present([place], force=force)
    with replacing(place) as (file,), ExitStack() as stack:
        writer: Any = None
        vectors = pa.list_(pa.from_numpy_dtype(shape.dtype), shape.columns)
        for done, part in _parts(records, at_least_one=True):
            ids = pa.array([record.id for record in part], None if part else pa.int64())
            columns = [
                ids,
                pa.FixedSizeListArray.from_arrays(
                    np.concatenate([np.empty(0, shape.dtype), *(record.vector for record in part)]),
                    type=vectors,
                ),
                pa.array([_json(record.payload) for record in part], pa.string()),
            ]
            batch = pa.record_batch(columns, names=["id", "vector", "payload"])
            batch = batch.replace_schema_metadata({METADATA: json.dumps(schema)})
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(file, batch.schema))
            writer.write_batch(batch)
            progress(done)
    return [place]


def _json(payload: Any) -> str | None:
    return None if payload is None else json.dumps(payload, ensure_ascii=False, allow_nan=False)


def _parts(
    records: Iterable[Record], *, at_least_one: bool = False
) -> Iterator[tuple[int, list[Record]]]:
    """Some records at a time, with how many there were so far."""
    remaining, done = iter(records), 0
    while (part := list(islice(remaining, ROWS))) or (at_least_one and done == 0):
        done += len(part)
        yield done, part
        if not part:
            return


def _named(prefix: Path, suffix: str) -> Path:
    return prefix.with_name(prefix.name + suffix)


def _refuse_present(places: list[Path], *, force: bool) -> None:
    for place in places:
        if place.exists() and not force:
            raise InvalidArgumentError(
                f"{place} exists already; --force replaces it", received=str(place)
            )
