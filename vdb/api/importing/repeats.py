"""A search for repeated ids in a source, before any of it is written.

It needs eight bytes an id: the hashes of all ids. Only ids with a repeated hash are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from vdb.api.importing.screening import refused_row
from vdb.errors import DuplicateIdError
from vdb.model.records import Id
from vdb.model.repeated_values import repeated_hashes
from vdb.sources import Source

__all__ = ["refuse_repeats"]


def refuse_repeats(source: Source) -> None:
    """Refuse a source with a repeated id, or with a row that has none.

    Raises:
        DuplicateIdError: Two rows have the same id; the message names both.
        InvalidArgumentError: A row cannot become a record for its id.
        SourceError: The source is damaged.
    """
    repeated = repeated_hashes(_ids(source))
    if not repeated:
        return
    first: dict[Id, str] = {}
    for batch in source.id_batches():
        for row, one in enumerate(batch.id_list()):
            if hash(one) not in repeated:
                continue
            if one in first:
                raise DuplicateIdError(
                    f"{batch.file or source.info.path}: {batch.place(row)}: repeats {first[one]}: "
                    f"{one!r} is given twice",
                    received=one,
                )
            first[one] = batch.place(row)


def _ids(source: Source) -> Iterator[Id]:
    for batch in source.id_batches():
        if batch.refusals:
            raise refused_row(batch, source)
        yield from batch.id_list()
