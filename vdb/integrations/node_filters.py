"""Filters of LlamaIndex as filters of vdb: 14 operators, three conditions, nested.

A key is one name, points and all. ``doc_id``, ``document_id`` and ``ref_doc_id`` are the document
of a node, as in the host's own stores. This module knows the host's filters by their attributes
and imports nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import vdb

__all__ = ["node_filter"]

_DOCUMENT_KEYS = ("doc_id", "document_id", "ref_doc_id")
_TEXT = ("keyword", "keyword[]")  # types of declared fields that can hold ""

Fields = Callable[[], Mapping[str, str]]

_OPERATORS: dict[str, Callable[[Any, Any], vdb.Filter]] = {
    "==": lambda field, value: field == value,
    "!=": lambda field, value: field != value,
    ">": lambda field, value: field > value,
    "<": lambda field, value: field < value,
    ">=": lambda field, value: field >= value,
    "<=": lambda field, value: field <= value,
    "in": lambda field, value: field.isin(_listed(value)),
    "nin": lambda field, value: field.notin(_listed(value)),
    "any": lambda field, value: field.any(_listed(value)),
    "all": lambda field, value: field.all(_listed(value)),
    "contains": lambda field, value: field.contains(value),
    "text_match": lambda field, value: field.contains(_text("text_match", value)),
    "text_match_insensitive": lambda field, value: field.icontains(
        _text("text_match_insensitive", value)
    ),
}


def node_filter(filters: Any, fields: Fields) -> vdb.Filter | None:
    """The filter that passes the nodes which the host's filters pass; None for no restriction.

    AND: all pass; OR: one at least; NOT: none of them. Filters without a filter restrict nothing.

    Args:
        filters: A MetadataFilters.
        fields: Gives the declared fields of the collection and their types; called when needed.

    Raises:
        ValueError: An operator or a condition that is not known.
        TypeError: A value that is no text, where texts are searched.
        InvalidFilterError: A value that cannot be compared with that field.
    """
    conditions = [_condition(one, fields) for one in filters.filters]
    word = "and" if filters.condition is None else str(filters.condition.value)
    restricting = [one for one in conditions if one is not None]
    if not conditions:
        return None
    if word == "and":
        return _joined(restricting, "and") if restricting else None
    if len(restricting) < len(conditions):
        # One that restricts nothing passes every node: one of them passes, and never none.
        return None if word == "or" else vdb.parse_filter({"$id": {"$in": []}})
    if word == "or":
        return _joined(restricting, "or")
    if word == "not":
        return ~_joined(restricting, "or")
    raise ValueError(f"filter condition {word!r} is not known; and, or and not are")


def _joined(conditions: list[vdb.Filter], word: str) -> vdb.Filter:
    first, *others = conditions
    for one in others:
        first = first & one if word == "and" else first | one
    return first


def _condition(one: Any, fields: Fields) -> vdb.Filter | None:
    if hasattr(one, "filters"):
        return node_filter(one, fields)
    field = vdb.F.ref_doc_id if one.key in _DOCUMENT_KEYS else vdb.F("metadata", one.key)
    name = str(one.operator.value)
    if name == "is_empty":
        empty: vdb.Filter = field.empty()
        path = next(iter((field == None).to_dict()))  # noqa: E711 - an expression
        kind = fields().get(path)
        return empty if kind is not None and kind not in _TEXT else empty | (field == "")
    operator = _OPERATORS.get(name)
    if operator is None:
        known = ", ".join(map(repr, [*_OPERATORS, "is_empty"]))
        raise ValueError(f"filter operator {name!r} is not known; {known} are")
    return operator(field, one.value)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(operator: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{operator} needs a text as its value, got {type(value).__name__}")
    return value
