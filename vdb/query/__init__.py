"""The ways out: from a query to hits, from a filter to records, from ids to records.

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment. Start with `search`.
"""

from vdb.query.examples import more_like
from vdb.query.filter_match import ids_of, matching, narrow
from vdb.query.id_cache import by_id
from vdb.query.id_range import ids_in_range
from vdb.query.lookup import RecordParts, contains, get, scan
from vdb.query.nearest import nearest, with_spare
from vdb.query.record_batches import RecordTable
from vdb.query.refinement import Refinement, refined_search
from vdb.query.scoring import (
    Scoring,
    engine_quantities,
    max_length_product,
    rank,
    stored_lengths,
)
from vdb.query.search import SearchRequest, search, search_many
from vdb.query.value_counts import VALUE_ORDERS, field_values
from vdb.query.zero_queries import checked_queries, refuse_zero

__all__ = [
    "VALUE_ORDERS",
    "RecordParts",
    "RecordTable",
    "Refinement",
    "Scoring",
    "SearchRequest",
    "by_id",
    "checked_queries",
    "contains",
    "engine_quantities",
    "field_values",
    "get",
    "ids_in_range",
    "ids_of",
    "matching",
    "max_length_product",
    "more_like",
    "narrow",
    "nearest",
    "rank",
    "refined_search",
    "refuse_zero",
    "scan",
    "search",
    "search_many",
    "stored_lengths",
    "with_spare",
]
