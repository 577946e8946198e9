"""A table of Lance, which LanceDB opens: a directory NAME.lance, written by Lance itself.

The schema of the collection is in the metadata of the table.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from vdb.exports.content import Content
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.handing_over import hand_over
from vdb.exports.writing.record_tables import column_notes, record_tables
from vdb.exports.writing.requirements import required_dim
from vdb.sources.reading.lance_path import lance_path
from vdb.sources.reading.libraries import needed

__all__ = ["FORMAT"]

_PURPOSE: Final = "writing tables of Lance"
_DISTANCES: Final = {
    "l2": "l2",
    "ip": "dot",
    "dot": "dot",
    "cosine": "cosine",
    "hamming": "hamming",
}


def _prepare(content: Content) -> Writing:
    needed("lance", "pylance", _PURPOSE)
    required_dim(content, FORMAT.name)
    notes = column_notes(content)
    distance = _DISTANCES.get(content.metric)
    if distance is None:
        notes += (f"Lance has no distance like {content.metric}; it can store the vectors",)
    else:
        notes += (f'a table has no metric: searches of Lance take distance_type="{distance}"',)
    columns = _columns(["id", "vector", *content.fields, "payload"])
    nested = sorted(path for path in content.fields if "." in path and path in columns)
    others = sorted(path for path in content.fields if path not in columns)
    if others:
        text = "another column has that name with _ for each dot"
        notes += (f"in the column payload only: {', '.join(others)}; {text}",)
    if nested:
        notes += (f"columns of nested fields have _ for each dot: {', '.join(nested)}",)
    if content.without_vector:
        notes += ("records without a vector have null, and searches of Lance leave them out",)
    return Writing((".lance",), partial(_write, content), notes, directory=True)


def _write(content: Content, places: Sequence[Path]) -> None:
    """Lance reads batches on a thread of its own, where a batch of writes cannot be read.

    So this thread reads, and hands the batches over; its errors reach the caller as they are.
    """
    pa = needed("pyarrow", "pyarrow", _PURPOSE)
    lance = needed("lance", "pylance", _PURPOSE)
    batches = _plain(record_tables(content))
    first = next(batches)
    path = lance_path(places[0])

    def store(handed: Iterator[Any]) -> None:
        reader = pa.RecordBatchReader.from_batches(first.schema, handed)
        try:
            lance.write_dataset(reader, path, mode="create")
        except OSError as error:  # without a number, which is in its text
            if f"os error {errno.ENOSPC}" not in str(error):
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error

    hand_over(chain([first], batches), store)


def _plain(batches: Iterator[Any]) -> Iterator[Any]:
    """The batches with JSON as text: Lance stores its own kind of JSON, which changes numbers."""
    pa = needed("pyarrow", "pyarrow", _PURPOSE)
    for batch in batches:
        place = batch.schema.get_field_index("payload")
        texts = batch.column(place)
        texts = getattr(texts, "storage", texts).cast(pa.string())
        plain = batch.set_column(place, pa.field("payload", pa.string()), texts)
        yield _without_dots(plain)


def _without_dots(batch: Any) -> Any:
    """Columns of nested fields under names that Lance takes."""
    pa = needed("pyarrow", "pyarrow", _PURPOSE)
    names, schema = _columns(batch.schema.names), batch.schema
    columns = [batch.column(name) for name in names]
    fields = [schema.field(name).with_name(own) for name, own in names.items()]
    return pa.record_batch(columns, schema=pa.schema(fields, metadata=schema.metadata))


def _columns(names: Sequence[str]) -> dict[str, str]:
    """The columns, and their names in Lance; without nested fields whose name is another's there.

    Example:
        _columns(["a_b", "a.b", "a.c"])  # {"a_b": "a_b", "a.c": "a_c"}
    """
    plain = [name for name in names if "." not in name]
    columns: dict[str, str] = {}
    for name in names:
        own = name.replace(".", "_")
        if own == name or own not in (*plain, *columns.values()):
            columns[name] = own
    return columns


FORMAT = ExportFormat(
    name="lance",
    title="a table of Lance or LanceDB, with a typed column for each declared field",
    kind="database",
    suffixes=(".lance",),
    prepare=_prepare,
    library="pylance",
    versions="pylance 14.0.2, lancedb 0.40.0",
    holds="everything: the schema is in the metadata of the table",
    lacks="an index: Lance makes its own; a collection whose dimension is open",
)
