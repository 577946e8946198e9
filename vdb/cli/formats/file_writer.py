"""Shared parts of writing a collection to files, for all formats.

Files are written under temporary names and renamed when all are complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from vdb.errors import InvalidArgumentError
from vdb.model.records import Record

__all__ = ["Export"]

ROWS = 1024  # records between two reports of progress, and of a Parquet row group's part


@dataclass(frozen=True, slots=True)
class Export:
    """The content of an export, and its place.

    Attributes:
        records: All records, in the order of their ids.
        count: The number of records.
        columns: Numbers in a row; packed bytes for bits.
        dtype: Numpy's type of the numbers.
        schema: The schema of the collection, from `schema_file.described`.
        prefix: The path of the files without their suffixes.
        force: Replace existing files.
        progress: Called with the number of records written so far.
        without_vector: How many of the records have no vector.
        optional_vectors: Whether a record may have none.
    """

    records: Iterable[Record]
    count: int
    columns: int
    dtype: np.dtype[Any]
    schema: dict[str, Any]
    prefix: Path
    force: bool
    progress: Callable[[int], object]
    without_vector: int = 0
    optional_vectors: bool = False

    def places(self, *suffixes: str) -> list[Path]:
        """The prefix with each suffix.

        Raises:
            InvalidArgumentError: A file is there already, and not to be replaced.
        """
        places = [self.prefix.with_name(self.prefix.name + suffix) for suffix in suffixes]
        for place in places:
            if place.exists() and not self.force:
                raise InvalidArgumentError(
                    f"{place} exists already; --force replaces it", received=str(place)
                )
        return places

    def parts(self, *, at_least_one: bool = False) -> Iterator[list[Record]]:
        """The records in parts, with a call of progress after each part.

        Args:
            at_least_one: Yield one empty part if there are no records.
        """
        remaining, done = iter(self.records), 0
        while (part := list(islice(remaining, ROWS))) or (at_least_one and done == 0):
            yield part
            if not part:
                return
            done += len(part)
            self.progress(done)
