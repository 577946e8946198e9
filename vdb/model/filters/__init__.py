"""Filters on payloads: a tree of conditions, two spellings for it, and what it means.

=====================  ===================================================================
``tree``               a filter, and what joins filters
``nodes``              the whole tree: these, and conditions on one field each
``values``             literals and how they are compared, and moments in time
``paths``              names of fields, and the value of a field in a payload
``field_types``        types of declared fields
``dict_syntax``        the tree from a dict, as Chroma and Mongo users write it
``expression_syntax``  the tree from expressions of ``vdb.F`` and ``vdb.ID``
``type_check``         the tree, checked against the types of declared fields
``simplify``           the same tree in fewer conditions
``evaluate``           the tree as a predicate over payloads
``value_classes``      the values of one field, sorted by all that they are compared with
``text_block``         the texts of one field in many payloads, searched for parts of them
``field_block``        one field of many payloads, and what conditions say of it
``block_evaluation``   the tree evaluated for many payloads at once
``payload_filter``     either of the two, whichever costs less
``field_presence``     which fields the payloads had
=====================  ===================================================================

docs/reference/filters.md has every rule. Nothing here knows about files, slots or indexes.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vdb.model.filters.block_evaluation import holds_without_field
    from vdb.model.filters.dict_syntax import parse, parse_filter
    from vdb.model.filters.evaluate import predicate
    from vdb.model.filters.expression_syntax import ID, F
    from vdb.model.filters.field_presence import FieldPresence
    from vdb.model.filters.payload_filter import LONG_TEXT, passing, text_length
    from vdb.model.filters.simplify import conditions, simplified
    from vdb.model.filters.tree import Filter

__all__ = [
    "ID",
    "LONG_TEXT",
    "F",
    "FieldPresence",
    "Filter",
    "conditions",
    "holds_without_field",
    "parse",
    "parse_filter",
    "passing",
    "predicate",
    "simplified",
    "text_length",
]

# Loaded with the first filter, so that importing vdb is quick.
_LATER = {
    "F": "expression_syntax",
    "FieldPresence": "field_presence",
    "Filter": "tree",
    "ID": "expression_syntax",
    "LONG_TEXT": "payload_filter",
    "conditions": "simplify",
    "holds_without_field": "block_evaluation",
    "parse": "dict_syntax",
    "parse_filter": "dict_syntax",
    "passing": "payload_filter",
    "predicate": "evaluate",
    "simplified": "simplify",
    "text_length": "payload_filter",
}


def __getattr__(name: str) -> object:
    """PEP 562: a name that is not there yet."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value
