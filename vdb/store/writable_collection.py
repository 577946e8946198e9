"""A collection inside a batch: copies of its records, and the kernel's copies of its blocks."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import BlockTable
from vdb.store.format import journal
from vdb.store.views import CollectionView

__all__ = ["BlockWriter", "TextChanges", "WritableCollection"]


class BlockWriter(Protocol):
    """What a batch needs of the kernel's Writer when it commits."""

    def seal(self, commit: int, /) -> list[tuple[bytes, Any]]:
        """Keys and finished values of all blocks that were changed or added."""

    def rewritten(self) -> list[tuple[int, int, int, NDArray[np.uint32]]]:
        """The same blocks as (generation, kind, level, numbers)."""


class TextChanges(Protocol):
    """What a batch needs of the changes to text fields when it commits."""

    def seal(self) -> None:
        """Put all that changed into the transaction."""


class WritableCollection:
    """One collection inside a batch: the base view, and copies of its records to be changed.

    Attributes:
        view: The collection as the batch found it; of a new one, an empty view.
        header: Its header, to be changed; written at commit when it differs.
        generation: Its generation record, likewise.
        writer: The kernel's private copies of its blocks, set by the index floor.
        texts: Changes to its text fields, set by the index floor too.
        created: Whether the batch made it, or emptied it: its records are written as new ones.
        touched: Whether records were written; headers and blocks are compared at commit.
        changed: Slots whose vectors were changed, for generations that will have to catch up.
        rerecorded: Slots whose records were replaced, for generations whose vectors are made from
            records.
        rewritten: Blocks of other generations that were put already, for the journal.
    """

    __slots__ = (
        "changed",
        "created",
        "generation",
        "header",
        "rerecorded",
        "rewritten",
        "texts",
        "touched",
        "view",
        "writer",
    )

    def __init__(self, view: CollectionView, *, created: bool = False) -> None:
        self.view = view
        self.header = view.header.copy()
        self.generation = view.generation.copy()
        self.writer: BlockWriter | None = None
        self.texts: TextChanges | None = None
        self.created = created
        self.touched = created
        self.changed: list[NDArray[np.uint32]] = []
        self.rerecorded: list[int] = []
        self.rewritten: journal.Changes = {}

    def begin_anew(self, view: CollectionView) -> None:
        """Go on from an empty view, with its generation and without the blocks changed so far."""
        self.view = view
        self.generation = view.generation.copy()
        self.writer = None
        self.texts = None
        self.created = self.touched = True
        self.changed.clear()
        self.rewritten = {}

    @property
    def vectors(self) -> BlockTable:
        """Blocks of vectors as the batch found them."""
        return self.view.vectors

    @property
    def links(self) -> list[BlockTable]:
        """Blocks of links as the batch found them."""
        return self.view.links

    @property
    def codes(self) -> BlockTable | None:
        """Blocks of codes as the batch found them."""
        return self.view.codes
