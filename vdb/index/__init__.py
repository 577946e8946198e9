"""The kernel over blocks: one collection's vectors and graph, searched, changed and verified.

Graph and flat indexes share every signature here; which one a collection has stands in its
generation record. `search` and the other readers take a `Snapshot` with a `CollectionView`, or a
`Batch` with its `WritableCollection`, whose changes they see.

What only maintenance and analyses need (`online_build`, `verify`, `graph_statistics`, `norm_stats`,
`angular_spread`, `build_order`, `tuning`) is imported from its own file, so that `import vdb` stays
quick.
"""

from vdb.index.types import Fetch, Reader, View
from vdb.index.vectors.change import add, add_bare, erase, remove, replace
from vdb.index.vectors.commit_memory import rows_within
from vdb.index.vectors.filter_set import FilterSet, live
from vdb.index.vectors.new_generation import new_generation
from vdb.index.vectors.search import (
    DEFAULT_EF,
    Neighbors,
    SearchParameters,
    count_distances,
    scan,
    search,
)
from vdb.index.vectors.stored_tuning import (
    AUTOMATIC_ADDED,
    recall_target,
    search_ef,
)
from vdb.index.vectors.stored_vectors import (
    has_vector,
    is_bare,
    norms,
    stored,
    stored_vectors,
)
from vdb.index.vectors.strategy import (
    SearchStats,
    filtered_plan,
    has_no_links,
    is_small,
    unfiltered_plan,
)
from vdb.index.vectors.ties import Nodes, copies, nodes, ties

__all__ = [
    "AUTOMATIC_ADDED",
    "DEFAULT_EF",
    "Fetch",
    "FilterSet",
    "Neighbors",
    "Nodes",
    "Reader",
    "SearchParameters",
    "SearchStats",
    "View",
    "add",
    "add_bare",
    "copies",
    "count_distances",
    "erase",
    "filtered_plan",
    "has_no_links",
    "has_vector",
    "is_bare",
    "is_small",
    "live",
    "new_generation",
    "nodes",
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
    "ties",
    "unfiltered_plan",
]
