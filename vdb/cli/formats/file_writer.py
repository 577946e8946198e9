"""Writing a collection into files: what the writers of all formats share.

Files are written beside their places and renamed when all are complete.
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
    """What is written, and where.

    Attributes:
        records: All records, in the order of their ids.
        count: How many there are.
        columns: Numbers in a row; of bits packed bytes.
        dtype: Numpy's type of them.
        schema: What the collection is made of, as `schema_file.described` says it.
        prefix: The files' path without their suffixes.
        force: Replace files that are there.
        progress: Called with the number of records written so far.
    """

    records: Iterable[Record]
    count: int
    columns: int
    dtype: np.dtype[Any]
    schema: dict[str, Any]
    prefix: Path
    force: bool
    progress: Callable[[int], object]

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
        """Some records at a time, with a report of progress behind each part.

        Args:
            at_least_one: One empty part where there are no records.
        """
        remaining, done = iter(self.records), 0
        while (part := list(islice(remaining, ROWS))) or (at_least_one and done == 0):
            yield part
            if not part:
                return
            done += len(part)
            self.progress(done)
