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


def typed(where: Filter, types: Mapping[str, str], id_kind: str | None = None) -> Filter:
    """The filter as it is meant for fields of these types, and ids of that kind.

    Raises:
        InvalidFilterError: A declared field is compared with what it cannot hold, or an id with
            one of the other kind.
    """
    if isinstance(where, Not):
        part = typed(where.part, types, id_kind)
        return where if part is where.part else Not(part)
    if isinstance(where, Joint):
        parts = tuple([typed(part, types, id_kind) for part in where.parts])
        return where if all(map(operator.is_, parts, where.parts)) else type(where)(parts)
    assert isinstance(where, Condition)  # noqa: S101 - there is nothing else
    if where.of_id:
        _check_ids(where, id_kind)
        return where
    kind = types.get(where.path)
    return where if kind is None else _typed(where, kind)


def _check_ids(where: Condition, kind: str | None) -> None:
    """Refuse ids of the other kind; None: the collection has had no record yet."""
    if isinstance(where, nodes.Membership):
        kinds = {one.__name__ for one in where.kinds}
    else:
        assert isinstance(where, nodes.Comparison | nodes.TextCondition)  # noqa: S101 - no others
        kinds = {type(where.value).__name__}
    others = sorted(kinds - {kind})
    if kind is not None and others:
        raise InvalidFilterError(
            f"$id: the ids of the collection are of type {kind}, got {others[0]}",
            path=where.path,
            expected=kind,
            received=others[0],
        )


def _typed(where: Condition, kind: str) -> Condition:
    base = base_of(kind)
    _check_operator(where, kind, base)
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


def _check_operator(where: Condition, kind: str, base: str) -> None:
    """Refuse operators that say nothing of fields of this type."""
    single = base == kind
    if single and isinstance(where, nodes.Contains) and base == "keyword":
        if not isinstance(where.value, str):
            raise _refused(where, kind, f"takes a string, got {kind_of(where.value)}")
    elif single and isinstance(where, nodes.Contains | nodes.Any_ | nodes.All):
        raise _refused(where, kind, "is for lists; $eq and $in compare single values")
    elif single and isinstance(where, nodes.Size):
        raise _refused(where, kind, "is for lists")
    elif base != "keyword" and isinstance(where, nodes.TextCondition):
        raise _refused(where, kind, "is for strings")


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
