"""The kernel over blocks: one collection's vectors and graph, searched, changed and verified.

Graph and flat indexes share every signature here; which one a collection has stands in its
generation record. `search` and the other readers take a `Snapshot` with a `CollectionView`, or a
`Batch` with its `WritableCollection`, whose changes they see.
"""

from vdb.index.vectors.angular_spread import angular_spread, blind_walks
from vdb.index.vectors.build_order import RUN
from vdb.index.vectors.change import add, remove, replace
from vdb.index.vectors.commit_memory import rows_within
from vdb.index.vectors.filter_set import Among, live
from vdb.index.vectors.generation import new_generation
from vdb.index.vectors.graph_statistics import (
    Level,
    Neighborhood,
    Survey,
    neighborhood,
    norms,
    survey,
)
from vdb.index.vectors.kernel_view import Collection, Reader
from vdb.index.vectors.online_build import Building, Vectors
from vdb.index.vectors.scan import scan
from vdb.index.vectors.search import (
    DEFAULT_EF,
    Found,
    count_distances,
    norm_stats,
    search,
    stored,
    stored_vectors,
)
from vdb.index.vectors.strategy import Course, few, unfiltered
from vdb.index.vectors.ties import Nodes, copies, nodes, ties
from vdb.index.vectors.tuning import (
    CurvePoint,
    Tuning,
    keep_tuning,
    recall_target,
    search_ef,
    tuning_from_map,
    tuning_to_map,
)
from vdb.index.vectors.verify import verify

__all__ = [
    "DEFAULT_EF",
    "RUN",
    "Among",
    "Building",
    "Collection",
    "Course",
    "CurvePoint",
    "Found",
    "Level",
    "Neighborhood",
    "Nodes",
    "Reader",
    "Survey",
    "Tuning",
    "Vectors",
    "add",
    "angular_spread",
    "blind_walks",
    "copies",
    "count_distances",
    "few",
    "keep_tuning",
    "live",
    "neighborhood",
    "new_generation",
    "nodes",
    "norm_stats",
    "norms",
    "recall_target",
    "remove",
    "replace",
    "rows_within",
    "scan",
    "search",
    "search_ef",
    "stored",
    "stored_vectors",
    "survey",
    "ties",
    "tuning_from_map",
    "tuning_to_map",
    "unfiltered",
    "verify",
]
