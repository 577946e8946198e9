"""The ways out: from a query to hits, from a filter to records, from ids to records.

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment. Start with `search`.
"""

from vdb.query.known_ids import by_id
from vdb.query.lookup import contains, get, scan
from vdb.query.matching import matching, matching_ids, narrow
from vdb.query.scoring import Scoring, scored
from vdb.query.search import Options, search, search_many

__all__ = [
    "Options",
    "Scoring",
    "by_id",
    "contains",
    "get",
    "matching",
    "matching_ids",
    "narrow",
    "scan",
    "scored",
    "search",
    "search_many",
]
