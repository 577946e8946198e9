"""What users do with one collection: `CollectionReader` reads, `Collection` also writes.

`insight` and `rebuilding` hold their methods that measure and that build anew.
"""

from vdb.collection.collection import Collection
from vdb.collection.reader import CollectionReader

__all__ = ["Collection", "CollectionReader"]
