"""The words and the bounds of the records that say what a database is.

The words that a field may hold (metrics, dtypes, index types, codes) are part of the format: a new
row of their tables is a new format version, so that an older release refuses the database instead
of misreading it. `tests/store/format/test_words.py` holds the words of every version.
"""

from __future__ import annotations

from vdb.model import codes, dtypes, metrics

METRICS = tuple(metrics.METRICS)
DTYPES = tuple(dtypes.DTYPES)
INDEX_TYPES = ("hnsw", "flat")
CODES = tuple(codes.CODES)
TUNING_SOURCES = ("given", "stored", "automatic")
ORIGINS = ("stored", "normalized", "external")
ID_KINDS = ("int", "str")

NO_SLOT = 0xFFFFFFFF
"""Where a slot number could stand: there is none."""

KEPT_HISTORY = 256
"""Lines of history that are kept: the first, and the newest."""

LAST_NUMBER = 2**32 - 2
"""The largest number of a collection, generation, field or epoch; the next one fits a key too."""

LAST_COMMIT = 2**63 - 1
"""The largest number of a commit; at a million a second it is reached in 290,000 years."""

EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0
"""Seconds since 1970 UTC of the first and the last second that a datetime can say."""

LARGEST_SEED = 2**63 - 1
U32 = 2**32 - 1
MOST_SLOTS = 2**31 - 2
LARGEST_ROW = 64_000
LONGEST_MODEL = 1024
LONGEST_ANALYZER = 256
LONGEST_WORD = 64
LONGEST_REASON = 256
LONGEST_HISTORY = 4096
LONGEST_CURVE = 256
MOST_LEAVING = 64
MOST_LONGEST = 1024
MOST_UNLINKED = 1024
LARGEST_THRESHOLD = 100_000
MOST_SEGMENTS = 4096
MOST_PARTS = 2**20
LARGEST_COUNT = 2**48
PAGE_SIZES = tuple(2**n for n in range(9, 17))
