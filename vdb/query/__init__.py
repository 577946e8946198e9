"""The ways out: from a query to hits, from a filter to records, from ids to records.

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment. Start with `search`.
"""

from vdb.query.filter_match import ids_of, matching, narrow
from vdb.query.id_cache import by_id
from vdb.query.lookup import contains, get, scan
from vdb.query.nearest import nearest
from vdb.query.range_search import Reach
from vdb.query.scoring import Scoring, longest, made_of, scored, stored_lengths
from vdb.query.search import Options, search, search_many
from vdb.query.zero_queries import refuse_zero

__all__ = [
    "Options",
    "Reach",
    "Scoring",
    "by_id",
    "contains",
    "get",
    "ids_of",
    "longest",
    "made_of",
    "matching",
    "narrow",
    "nearest",
    "refuse_zero",
    "scan",
    "scored",
    "search",
    "search_many",
    "stored_lengths",
]
