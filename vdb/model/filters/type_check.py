"""Filters on declared fields, checked against the types of the fields.

A literal must be of the kind of the field that it is compared with: so a slip is an error instead
of an empty answer. On a field of dates a filter may also give a date as a string.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vdb.errors import InvalidFilterError
from vdb.model.filters import nodes
from vdb.model.filters.field_types import BASES, base_of
from vdb.model.filters.nodes import Condition, Filter, Joint, Not
from vdb.model.filters.values import kind_of, moment

__all__ = ["typed"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def typed(where: Filter, types: Mapping[str, str]) -> Filter:
    """The filter as it is meant for fields of these types.

    Raises:
        InvalidFilterError: A declared field is compared with what it cannot hold.
    """
    if not types:
        return where
    if isinstance(where, Not):
        part = typed(where.part, types)
        return where if part is where.part else Not(part)
    if isinstance(where, Joint):
        parts = tuple([typed(part, types) for part in where.parts])
        return where if all(map(operator.is_, parts, where.parts)) else type(where)(parts)
    assert isinstance(where, Condition)  # noqa: S101 - there is nothing else
    kind = types.get(where.path)
    return where if kind is None else _typed(where, kind)


def _typed(where: Condition, kind: str) -> Condition:
    base = base_of(kind)
    if isinstance(where, nodes.Contains | nodes.Any_ | nodes.All) and base == kind:
        raise _refused(where, kind, "is for lists; $eq and $in compare single values")
    if isinstance(where, nodes.Prefix) and base != "keyword":
        raise _refused(where, kind, "is for strings")
    if isinstance(where, nodes.Membership):
        if (base == "keyword" and where.kinds == {str}) or (
            BASES[base] == "number" and where.kinds == {int}
        ):
            return where
        return type(where)(where.path, tuple(_value(where, kind, v) for v in where.values))
    if isinstance(where, nodes.Comparison):
        value = _value(where, kind, where.value)
        return where if value is where.value else type(where)(where.path, value)
    return where


def _value(where: Condition, kind: str, value: Any) -> Any:
    base = base_of(kind)
    if base == "datetime" and isinstance(value, str):
        micro = moment(value)
        if micro is not None:
            return _EPOCH + timedelta(microseconds=micro)
    if value is None or kind_of(value) == BASES[base]:
        if base == "bool" and isinstance(where, nodes.Comparison) and where.ordered:
            raise _refused(where, kind, "has no meaning for it")
        return value
    shown = repr(value) if len(repr(value)) <= 64 else f"{repr(value)[:64]}..."
    expected = "a date or time in ISO 8601" if base == "datetime" else f"a {BASES[base]}"
    raise _refused(where, kind, f"takes {expected}, got {kind_of(value)} {shown}")


def _refused(where: Condition, kind: str, what: str) -> InvalidFilterError:
    return InvalidFilterError(
        f"field {where.path!r} is declared as {kind}: {where.operator} {what}",
        path=where.path,
        expected=kind,
        received=where.operator,
    )
