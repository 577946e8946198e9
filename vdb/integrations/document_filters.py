"""Filters of Haystack as filters of vdb: comparisons, and AND, OR, NOT over them.

Conditions on ``id`` are look-ups; ``meta.x`` and other names are fields of the metadata,
``content`` is the text. This module knows the host's filters as dicts and imports nothing of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import vdb

__all__ = ["document_filter", "meta_path"]

_PARTS = ("blob", "embedding", "score", "sparse_embedding")
"""Fields of documents that no filter reads."""

_NOTHING: dict[str, Any] = {"$id": {"$in": []}}

_ORDERS: dict[str, Callable[[Any, Any], vdb.Filter]] = {
    ">": lambda field, value: field > value,
    ">=": lambda field, value: field >= value,
    "<": lambda field, value: field < value,
    "<=": lambda field, value: field <= value,
}
_OPERATORS = ("==", "!=", *_ORDERS, "in", "not in")


def meta_path(key: str) -> str:
    """The path of a key of the metadata, which may hold points."""
    escaped = key.replace("\\", "\\\\").replace(".", "\\.")
    return f"meta.{escaped}"


def document_filter(filters: Mapping[str, Any], fields: Mapping[str, str]) -> vdb.Filter:
    """The filter that passes the documents which the host's filters pass.

    A missing field is None. Equality is that of whole values: a list is equal to nothing. Texts
    that spell dates are compared as moments.

    Args:
        filters: A comparison (field, operator, value), or a logic (operator, conditions).
        fields: The declared fields of the collection, by path, and their types.

    Raises:
        InvalidFilterError: A key is missing, an operator is not known, or it takes no such value.
    """
    if not isinstance(filters, Mapping):
        raise vdb.InvalidFilterError(f"a filter must be a dict, got {type(filters).__name__}")
    if "field" in filters:
        return _comparison(filters, fields)
    operator, conditions = _required(filters, "operator"), _required(filters, "conditions")
    if operator not in ("AND", "OR", "NOT"):
        raise vdb.InvalidFilterError(f"operator must be AND, OR or NOT, got {operator!r}")
    parts = [document_filter(one, fields).to_dict() for one in conditions]
    if operator == "OR":
        return vdb.parse_filter({"$or": parts} if parts else _NOTHING)
    every = vdb.parse_filter({"$and": parts} if parts else {})
    return ~every if operator == "NOT" else every


def _required(filters: Mapping[str, Any], key: str) -> Any:
    if key not in filters:
        raise vdb.InvalidFilterError(f"{key!r} is missing in the filter {dict(filters)}")
    return filters[key]


def _comparison(filters: Mapping[str, Any], fields: Mapping[str, str]) -> vdb.Filter:
    name = filters["field"]
    operator, value = _required(filters, "operator"), _required(filters, "value")
    if not isinstance(name, str):
        raise vdb.InvalidFilterError(f"field must be a text, got {type(name).__name__}")
    if operator not in _OPERATORS:
        raise vdb.InvalidFilterError(
            f"operator {operator!r} is not known; {', '.join(map(repr, _OPERATORS))} are"
        )
    if operator in _ORDERS:
        return _ordered(name, operator, value, fields)
    if operator in ("in", "not in"):
        if not isinstance(value, list):
            raise vdb.InvalidFilterError(
                f"operator {operator!r} takes a list, got {type(value).__name__}"
            )
        equal = _equal_to_one(name, value, fields)
    else:
        equal = _equal_to_one(name, [value], fields)
    return ~equal if operator in ("!=", "not in") else equal


def _equal_to_one(name: str, values: list[Any], fields: Mapping[str, str]) -> vdb.Filter:
    """Documents whose field is equal to one of these values."""
    for value in values:
        if isinstance(value, list | tuple | dict | set):
            raise vdb.InvalidFilterError(
                f"field {name!r} cannot be compared with a {type(value).__name__} as a whole"
            )
    if name == "id":
        return vdb.parse_filter({"$id": {"$in": [one for one in values if isinstance(one, str)]}})
    field, path = _field(name)
    if field is None:  # never there, which is None
        return vdb.parse_filter({} if None in values else _NOTHING)
    there = [one for one in values if one is not None]
    moments = [moment for moment in map(_moment_of_date, there) if moment is not None]
    if fields.get(path) == "datetime":
        there = []
    alternatives = [field.isin(there)] if there else []
    alternatives += [field == moment for moment in moments]
    if len(there) < len(values) and None in values:
        alternatives.append(field.isnull() | ~field.exists())
    if not alternatives:
        return vdb.parse_filter(_NOTHING)
    equal: vdb.Filter = alternatives[0]
    for one in alternatives[1:]:
        equal = equal | one
    return equal & _no_list(field, path, fields)


def _ordered(name: str, operator: str, value: Any, fields: Mapping[str, str]) -> vdb.Filter:
    if isinstance(value, str):
        moment = _moment(value)
        if moment is None:
            raise vdb.InvalidFilterError(
                f"operator {operator!r} compares numbers and dates in ISO 8601, got {value!r}"
            )
        value = moment
    if value is not None and not isinstance(value, int | float | dt.date):
        raise vdb.InvalidFilterError(
            f"operator {operator!r} compares numbers and dates, got a {type(value).__name__}"
        )
    if name == "id":
        raise vdb.InvalidFilterError(f"ids are texts, which operator {operator!r} does not compare")
    field, path = _field(name)
    if field is None or value is None:
        return vdb.parse_filter(_NOTHING)
    if isinstance(value, bool):
        value = int(value)
    return _ORDERS[operator](field, value) & _no_list(field, path, fields)


def _field(name: str) -> tuple[Any, str]:
    """The field of a payload, and its path; None for one that no document has."""
    first, _, rest = name.partition(".")
    if first in _PARTS or name == "meta":
        raise vdb.InvalidFilterError(f"documents are not filtered by {name!r}")
    if first == "meta":
        names = ["meta", *rest.split(".")]
    elif name == "content":
        names = ["content"]
    elif rest:
        return None, ""
    else:
        names = ["meta", name]  # as the host has it, for filters of older releases
    return vdb.F(*names), ".".join(names)


def _no_list(field: Any, path: str, fields: Mapping[str, str]) -> vdb.Filter:
    """The field is no list, of which vdb would compare the elements. Declared ones are as typed."""
    kind = fields.get(path, "")
    if kind and not kind.endswith("[]"):
        return vdb.parse_filter({})
    is_list: vdb.Filter = field.size(at_least=0)
    return ~is_list


def _moment_of_date(value: Any) -> dt.date | None:
    """The moment of a date, or of a text that begins with a whole date; None for other values."""
    if isinstance(value, dt.date):
        return value
    if isinstance(value, str) and value[4:5] == "-" and value[7:8] == "-":
        return _moment(value)
    return None


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
