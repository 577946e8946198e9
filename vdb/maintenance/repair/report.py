"""What a repair did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vdb.model.problem import Problem
from vdb.model.records import Id
from vdb.model.results import Result

__all__ = ["LostRecord", "RepairReport", "RepairedCollection"]


@dataclass(frozen=True, slots=True)
class LostRecord(Result):
    """A record that cannot be read whole.

    Attributes:
        id: Its id; None where that cannot be read either.
        slot: Where it lies in the damaged file.
        part: What is damaged: its "record" (id and payload), its "vector", or its "payload" alone:
            then the record is in the new file without one, as with a damaged "vector" where
            vectors are optional.
        what: What was found there.
    """

    id: Id | None
    slot: int
    part: Literal["record", "vector", "payload"]
    what: str


@dataclass(frozen=True, slots=True)
class RepairedCollection(Result):
    """One collection of the new file.

    Attributes:
        name: Its name.
        records: Records that it has.
        lost: Records of the damaged file that it lacks, or has without a part.
        notes: What else is different, in words.
    """

    name: str
    records: int
    lost: tuple[LostRecord, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepairReport(Result):
    """What a repair did.

    Attributes:
        problems: What was wrong.
        collections: The collections of the new file; empty where there was no error.
        lost: Collections of which nothing could be read, and aliases, and why.
        kept: Where the damaged file lies now; None where there was no error.
    """

    problems: tuple[Problem, ...]
    collections: tuple[RepairedCollection, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    kept: str | None = None

    @property
    def complete(self) -> bool:
        """Whether no record and no collection was lost."""
        return not self.lost and not any(collection.lost for collection in self.collections)
