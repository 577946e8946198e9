"""What a repository needs of a place that keeps objects: five calls, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Entry", "ObjectStore"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An object in a listing.

    Attributes:
        name: Its name below the prefix of the store, parts separated by ``/``.
        size: Its bytes.
        modified: When it was put, in seconds since 1970 UTC; None where the store does not say.
    """

    name: str
    size: int
    modified: float | None


class ObjectStore(Protocol):
    """Objects below one prefix. Calls come from several threads at once.

    Every error is a `VdbError`: `RemoteError`, or `DiskError` of a local disk.
    """

    @property
    def url(self) -> str:
        """Where it is, without credentials: for messages and reports."""

    def put(self, name: str, content: bytes) -> None:
        """Put an object, also in the place of another; it is there whole or not at all."""

    def create(self, name: str, content: bytes) -> bool:
        """Put an object that is not there yet; False, and nothing is changed, where one is."""

    def get(self, name: str, most: int) -> bytes | None:
        """The content of an object; None where there is none.

        Raises:
            CorruptedError: It has more than `most` bytes; they are not read.
        """

    def entries(self, prefix: str) -> Iterator[Entry]:
        """The objects whose names begin with `prefix`, which ends with ``/``; in any order."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; one that is missing is no error."""

    def tidy(self) -> None:
        """Delete what interrupted calls left behind, where such a thing can be."""
