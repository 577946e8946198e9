"""A check for repeated ids in a file, before any of it is written.

It needs eight bytes an id: the hashes of all ids. Only ids with a repeated hash are compared.
"""

from __future__ import annotations

from array import array

import numpy as np

from vdb.cli.formats.file_reader import FileReader
from vdb.errors import DuplicateIdError
from vdb.model.records import Id

__all__ = ["refuse_repeats"]


def refuse_repeats(source: FileReader) -> None:
    """Refuse a source with a repeated id.

    Raises:
        DuplicateIdError: Two rows have the same id; the message names both.
    """
    if source.id_field is None:
        return
    hashes = np.frombuffer(array("q", map(hash, source.ids())), dtype=np.int64)
    ordered = np.sort(hashes)
    repeated = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not repeated:
        return
    first: dict[Id, int] = {}
    for row, (record_id, record_hash) in enumerate(zip(source.ids(), hashes.tolist(), strict=True)):
        if record_hash not in repeated:
            continue
        if record_id in first:
            place, other = (
                source.place(repeat_row, of_vector=False) for repeat_row in (row, first[record_id])
            )
            raise DuplicateIdError(
                f"{place} repeats {other}: {record_id!r} is given twice", received=record_id
            )
        first[record_id] = row
