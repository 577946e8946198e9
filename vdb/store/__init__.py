"""Everything that touches LMDB or the file system.

- `Environment.snapshot` gives a `Snapshot`: one moment, to read.
- `Environment.batch` gives a `Batch`: one transaction, to write.

A collection as one of them sees it is a `CollectionView` or a `WritableCollection`. Other packages
import what is exported here; the module `generations`, whose functions change the generations of a
collection inside a batch; `file_restore`, `item_file` and `new_files`; and the modules of `format`,
which translate between bytes and values. The linter holds them to it. No name that a user chose
ever becomes a path, and no other package of vdb imports lmdb.
"""

from __future__ import annotations

from vdb.store.batch import Batch
from vdb.store.damage import locate_damage
from vdb.store.environment import Environment
from vdb.store.files.creation import create_empty
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.thread_locks import holding
from vdb.store.slot_count_check import largest_slot_count, require_slot_count
from vdb.store.snapshot import Snapshot
from vdb.store.state_cache import CacheSlot
from vdb.store.statistics import EnvironmentStats
from vdb.store.views import CollectionView, build_view, generation_view
from vdb.store.writable_collection import WritableCollection

__all__ = [
    "Batch",
    "CacheSlot",
    "CollectionView",
    "Environment",
    "EnvironmentStats",
    "Snapshot",
    "WritableCollection",
    "build_view",
    "create_empty",
    "generation_view",
    "holding",
    "largest_slot_count",
    "locate_damage",
    "os_errors",
    "require_slot_count",
]
