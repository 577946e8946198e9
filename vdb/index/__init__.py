"""The kernel over blocks: one collection's vectors and graph, searched, changed and verified.

Graph and flat indexes share every signature here; which one a collection has stands in its
generation record. `search` and the other readers take a `Snapshot` with a `CollectionView`, or a
`Batch` with its `WritableCollection`, whose changes they see.
"""

from vdb.index.among import Among, live
from vdb.index.building import Building, Vectors
from vdb.index.change import add, remove, replace
from vdb.index.generation import new_generation
from vdb.index.memory import rows_within
from vdb.index.opened import Collection, Reader
from vdb.index.plan import Course, few, unfiltered
from vdb.index.scan import scan
from vdb.index.search import DEFAULT_EF, Found, count_distances, norm_stats, search, stored, vectors
from vdb.index.spread import RUN
from vdb.index.survey import Level, Neighbourhood, Survey, neighbourhood, norms, survey
from vdb.index.ties import Nodes, copies, nodes, ties
from vdb.index.tuning import (
    CurvePoint,
    Tuning,
    keep_tuning,
    recall_target,
    search_ef,
    tuning_from_map,
    tuning_to_map,
)
from vdb.index.verify import verify

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
    "Neighbourhood",
    "Nodes",
    "Reader",
    "Survey",
    "Tuning",
    "Vectors",
    "add",
    "copies",
    "count_distances",
    "few",
    "keep_tuning",
    "live",
    "neighbourhood",
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
    "survey",
    "ties",
    "tuning_from_map",
    "tuning_to_map",
    "unfiltered",
    "vectors",
    "verify",
]
