"""A check for repeated ids in a file, before any of it is written.

It needs eight bytes an id: the hashes of all ids. Only ids with a repeated hash are compared.
"""

from __future__ import annotations

from vdb.cli.formats.file_reader import FileReader
from vdb.errors import DuplicateIdError
from vdb.model.records import Id
from vdb.model.repeated_values import repeated_hashes

__all__ = ["refuse_repeats"]


def refuse_repeats(source: FileReader) -> None:
    """Refuse a source with a repeated id.

    Raises:
        DuplicateIdError: Two rows have the same id; the message names both.
    """
    if source.id_field is None:
        return
    repeated = repeated_hashes(source.ids())
    if not repeated:
        return
    first: dict[Id, int] = {}
    for row, record_id in enumerate(source.ids()):
        if hash(record_id) not in repeated:
            continue
        if record_id in first:
            place, other = (
                source.place(repeat_row, of_vector=False) for repeat_row in (row, first[record_id])
            )
            raise DuplicateIdError(
                f"{place} repeats {other}: {record_id!r} is given twice", received=record_id
            )
        first[record_id] = row
