"""Filters on payloads: a tree of conditions, two spellings for it, and what it means.

===============  =================================================================
``nodes``        the tree: conditions on one field, and what joins them
``values``       what may be compared with what, and moments in time
``parse``        the tree from a dict, as Chroma and Mongo users write it
``expressions``  the tree from expressions of ``vdb.F``
``evaluate``     the tree as a predicate over payloads
===============  =================================================================

docs/filters.md has every rule. Nothing here knows about files, slots or indexes.
"""

from vdb.filters.evaluate import predicate
from vdb.filters.expressions import F
from vdb.filters.nodes import Filter
from vdb.filters.parse import parse

__all__ = ["F", "Filter", "parse", "predicate"]
