"""Ids that a file holds twice, found before any of it is written.

Eight bytes an id are kept: hashes, of which those that occur twice are looked at again.
"""

from __future__ import annotations

from array import array

import numpy as np

from vdb.cli.formats.file_reader import FileReader
from vdb.errors import DuplicateIdError
from vdb.model.records import Id

__all__ = ["refuse_repeats"]


def refuse_repeats(source: FileReader) -> None:
    """Look at all ids of a source.

    Raises:
        DuplicateIdError: One stands in two rows; names both.
    """
    if source.id_field is None:
        return
    hashes = np.frombuffer(array("q", map(hash, source.ids())), dtype=np.int64)
    in_order = np.sort(hashes)
    twice = set(in_order[1:][in_order[1:] == in_order[:-1]].tolist())
    if not twice:
        return
    first: dict[Id, int] = {}
    for row, (record_id, mark) in enumerate(zip(source.ids(), hashes.tolist(), strict=True)):
        if mark not in twice:
            continue
        if record_id in first:
            place, other = (source.place(one, of_vector=False) for one in (row, first[record_id]))
            raise DuplicateIdError(
                f"{place} repeats {other}: {record_id!r} is given twice", received=record_id
            )
        first[record_id] = row
