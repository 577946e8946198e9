"""Everything that touches LMDB or the file system.

Transactions begin in one of two ways:

- `Environment.snapshot` gives a `Snapshot`: one moment, to read.
- `Environment.batch` gives a `Batch`: one transaction, to write.

A collection as one of them sees it is a `CollectionView` or a `WritableCollection`. Floors above
use `generations`, `views` and `format` too, inside these transactions. No name that a user chose
ever becomes a path, and no other package of vdb imports lmdb.
"""

from __future__ import annotations

from vdb.store.batch import Batch
from vdb.store.environment import Environment
from vdb.store.snapshot import Snapshot
from vdb.store.state_cache import CacheSlot
from vdb.store.statistics import EnvironmentStats
from vdb.store.views import CollectionView, WritableCollection

__all__ = [
    "Batch",
    "CacheSlot",
    "CollectionView",
    "Environment",
    "EnvironmentStats",
    "Snapshot",
    "WritableCollection",
]
