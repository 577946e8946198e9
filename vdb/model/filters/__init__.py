"""Filters on payloads: a tree of conditions, two spellings for it, and what it means.

===============  =================================================================
``nodes``        the tree: conditions on one field, and what joins them
``values``       what may be compared with what, and moments in time
``parse``        the tree from a dict, as Chroma and Mongo users write it
``expressions``  the tree from expressions of ``vdb.F``
``simplify``     the same tree in fewer conditions
``evaluate``     the tree as a predicate over payloads
``classes``      the values of one field, sorted by all that they are compared with
``columns``      the tree asked of many payloads at once
``passing``      either of the two, whichever is less
``looked``       which fields they met
===============  =================================================================

docs/reference/filters.md has every rule. Nothing here knows about files, slots or indexes.
"""

from vdb.model.filters.columns import holds_without_field
from vdb.model.filters.evaluate import predicate
from vdb.model.filters.expressions import F
from vdb.model.filters.looked import Looked
from vdb.model.filters.nodes import Filter
from vdb.model.filters.parse import parse
from vdb.model.filters.passing import LONG_TEXT, passing, text_length
from vdb.model.filters.simplify import conditions, simplified

__all__ = [
    "LONG_TEXT",
    "F",
    "Filter",
    "Looked",
    "conditions",
    "holds_without_field",
    "parse",
    "passing",
    "predicate",
    "simplified",
    "text_length",
]
