"""Hits of shards become those of one collection."""

from vdb.cluster.merging.hit_columns import HitColumns, columns_of
from vdb.cluster.merging.merged_hits import merge

__all__ = ["HitColumns", "columns_of", "merge"]
