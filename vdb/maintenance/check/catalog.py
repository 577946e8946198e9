"""The catalog of a database, as a check has read it: what the other keys are judged against."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from vdb.errors import CorruptedError
from vdb.store import CollectionView, Snapshot, build_view
from vdb.store.format import keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader, DatabaseHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.versions import FORMAT_VERSION

__all__ = ["UNKNOWN", "Catalog", "readable_generations"]

UNKNOWN = -1
"""In `Catalog.unreadable`: a header whose key does not tell its collection either."""


@dataclass(slots=True)
class Catalog:
    """Headers, names and generation records that could be read.

    Attributes:
        format_version: That of the file, as the identity says.
        database: The database header.
        names: Names of collections -> their numbers.
        headers: Numbers -> headers.
        generations: Numbers of collections -> numbers of generations -> records.
        unreadable_names: Names whose key or value is damaged.
        unreadable: Collections with a header, a name or a generation that cannot be read; their
            other keys are not called orphans.
    """

    format_version: int = FORMAT_VERSION
    database: DatabaseHeader | None = None
    names: dict[str, int] = field(default_factory=dict)
    headers: dict[int, CollectionHeader] = field(default_factory=dict)
    generations: dict[int, dict[int, GenerationRecord]] = field(default_factory=dict)
    unreadable_names: set[str] = field(default_factory=set)
    unreadable: set[int] = field(default_factory=set)

    def view(self, header: CollectionHeader) -> CollectionView | None:
        """A view of a collection for the check alone, or None where its records do not allow one.

        The views that searches share remember which blocks they have verified; here every block is
        read and its checksum computed again.
        """
        generation = self.generations.get(header.number, {}).get(header.generation)
        if self.database is None or generation is None or generation.dtype != header.dtype:
            return None
        if generation.embedding is not None:
            return None
        try:
            return build_view(self.database, header, generation)
        except CorruptedError:  # reported with its generation
            return None


def readable_generations(reader: Snapshot, number: int) -> Iterator[tuple[int, GenerationRecord]]:
    """The generations of a collection whose records can be read, with their numbers."""
    for key, value in reader.items(keys.within(KeyKind.GENERATION, number)):
        with suppress(CorruptedError):
            generation = keys.decode(key).generation or 0
            body = reader.seal.unwrap(key, value)
            yield generation, GenerationRecord.decode(body, number, generation)
