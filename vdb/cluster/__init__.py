"""One collection over several databases: on the disks of one machine, or on several machines.

    import vdb.cluster

    with vdb.cluster.open("papers") as db:
        papers = db.create_collection("papers", dim=3, metric="cosine", shards=4)
        papers.add([1, 2], [[0.9, 0.2, 0.1], [0.1, 0.8, 0.3]])
        hits = papers.search([1, 0, 0], k=1)

Not imported by ``import vdb``.
"""

from __future__ import annotations

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from vdb.cluster.changes.resharding import ReshardReport
    from vdb.cluster.client.cluster import Cluster, open  # noqa: A004 - as for vdb.open
    from vdb.cluster.client.collection import ShardedCollection
    from vdb.cluster.client.pages import ClusterScan
    from vdb.cluster.client.reports import ClusterStatus, ShardBackup, ShardProblem, ShardStatus
    from vdb.cluster.client.snapshot import ClusterSnapshot, ShardedReader
    from vdb.cluster.loading.report import LoadProgress, LoadReport

__all__ = [
    "Cluster",
    "ClusterScan",
    "ClusterSnapshot",
    "ClusterStatus",
    "LoadProgress",
    "LoadReport",
    "ReshardReport",
    "ShardBackup",
    "ShardProblem",
    "ShardStatus",
    "ShardedCollection",
    "ShardedReader",
    "open",
]

# Modules are imported when one of their names is used: the process of a shard needs none of these.
_LATER = {
    "Cluster": "vdb.cluster.client.cluster",
    "ClusterScan": "vdb.cluster.client.pages",
    "ClusterSnapshot": "vdb.cluster.client.snapshot",
    "ClusterStatus": "vdb.cluster.client.reports",
    "LoadProgress": "vdb.cluster.loading.report",
    "LoadReport": "vdb.cluster.loading.report",
    "ReshardReport": "vdb.cluster.changes.resharding",
    "ShardBackup": "vdb.cluster.client.reports",
    "ShardProblem": "vdb.cluster.client.reports",
    "ShardStatus": "vdb.cluster.client.reports",
    "ShardedCollection": "vdb.cluster.client.collection",
    "ShardedReader": "vdb.cluster.client.snapshot",
    "open": "vdb.cluster.client.cluster",
}


def __getattr__(name: str) -> object:
    """PEP 562: a public name that is not there yet."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(_importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
