"""One collection over several databases: on the disks of one machine, or on several machines.

    import vdb.cluster

    with vdb.cluster.open("papers") as db:
        papers = db.create_collection("papers", dim=3, metric="cosine", shards=4)
        papers.add([1, 2], [[0.9, 0.2, 0.1], [0.1, 0.8, 0.3]])
        hits = papers.search([1, 0, 0], k=1)

Not imported by ``import vdb``.
"""

from vdb.cluster.changes.resharding import ReshardReport
from vdb.cluster.client.cluster import Cluster, open  # noqa: A004 - as for vdb.open
from vdb.cluster.client.collection import ShardedCollection
from vdb.cluster.client.pages import ClusterScan
from vdb.cluster.client.reports import ClusterStatus, ShardBackup, ShardProblem, ShardStatus
from vdb.cluster.client.snapshot import ClusterSnapshot, ShardedReader

__all__ = [
    "Cluster",
    "ClusterScan",
    "ClusterSnapshot",
    "ClusterStatus",
    "ReshardReport",
    "ShardBackup",
    "ShardProblem",
    "ShardStatus",
    "ShardedCollection",
    "ShardedReader",
    "open",
]
