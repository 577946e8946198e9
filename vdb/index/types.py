"""The two things that every read takes: whose moment is seen, and which collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

__all__ = ["Fetch", "Reader", "View"]

Reader: TypeAlias = Snapshot | Batch
"""Reads one moment: a snapshot, or the batch of the calling thread with its own changes."""

View: TypeAlias = CollectionView | WritableCollection
"""One collection as that reader sees it: a view from a snapshot, or a batch's copy."""

Fetch: TypeAlias = Callable[[bytes], memoryview | None]
"""How the kernel gets the block of a key, as long as the reader lives."""
