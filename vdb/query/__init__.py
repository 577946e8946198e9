"""The ways out: from a query to hits, from a filter to records, from ids to records.

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment. Start with `search`.

Filters, groups, pages, counts of values and tables of records are imported from their own files, so
that `import vdb` stays quick.
"""

from vdb.query.id_cache import by_id
from vdb.query.lookup import RecordParts, contains, get, scan
from vdb.query.nearest import nearest, with_spare
from vdb.query.plain_search import plain_hits
from vdb.query.scoring import (
    Scoring,
    engine_quantities,
    max_length_product,
    rank,
    stored_lengths,
)
from vdb.query.search import SearchRequest, search, search_many
from vdb.query.zero_queries import checked_queries, refuse_zero

__all__ = [
    "RecordParts",
    "Scoring",
    "SearchRequest",
    "by_id",
    "checked_queries",
    "contains",
    "engine_quantities",
    "get",
    "max_length_product",
    "nearest",
    "plain_hits",
    "rank",
    "refuse_zero",
    "scan",
    "search",
    "search_many",
    "stored_lengths",
    "with_spare",
]
