"""Files beside the file of an index, which has room for vectors and int ids only.

PREFIX.json is the schema of the collection; PREFIX.jsonl has the id and the payload of each record,
in the order of the vectors. `vdb.sources.reading.beside_an_index` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from vdb.exports.content import Content, ExportBatch
from vdb.exports.writing.collection_schema import write_schema
from vdb.exports.writing.records_beside import record_lines
from vdb.exports.writing.requirements import has_payloads, with_vectors

__all__ = ["BESIDE", "batches_beside", "notes_beside", "suffixes_beside"]

BESIDE = "PREFIX.json has the schema; PREFIX.jsonl ids and payloads, where there are any"


def suffixes_beside(content: Content, main: str, *, own_ids: bool) -> tuple[str, ...]:
    """The ends of the files: that of the index, the schema, and lines where they are needed."""
    lines = not own_ids or has_payloads(content)
    return (main, ".json", *([".jsonl"] if lines else []))


def notes_beside(suffixes: Sequence[str], *, own_ids: bool) -> tuple[str, ...]:
    """What the file of the index has not, and the lines have."""
    if not own_ids:
        return ("row numbers stand for the ids; ids and payloads are in the .jsonl file",)
    return ("payloads are in the .jsonl file",) if ".jsonl" in suffixes else ()


def batches_beside(content: Content, places: Sequence[Path]) -> Iterator[ExportBatch]:
    """The records with a vector; the schema is written first, and a line as each record passes."""
    _, schema, *lines = places
    write_schema(content, schema)
    with ExitStack() as stack:
        files = [
            stack.enter_context(one.open("w", encoding="utf-8", newline="\n")) for one in lines
        ]
        for batch in with_vectors(content, payloads=bool(lines)):
            for file in files:
                file.writelines(record_lines(batch, optional_vectors=False))
            yield batch
