"""Types of declared fields, and filters read by them.

A field of a collection may be declared with a type. Payloads are held to it when they are written,
and what filters compare it with must be of its kind: there a slip is an error instead of an empty
answer. On a field of dates a filter may also give a date as a string.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vdb.errors import ArgumentTypeError, InvalidArgumentError, InvalidFilterError
from vdb.model import spellings
from vdb.model.arguments import shown, unreadable
from vdb.model.filters import nodes
from vdb.model.filters.nodes import Condition, Filter, Joint, Not
from vdb.model.filters.values import kind_of, moment

__all__ = ["BASES", "MOST_FIELDS", "TYPES", "base_of", "field_type", "field_types", "typed"]

BASES = {
    "int": "number",
    "float": "number",
    "keyword": "string",
    "bool": "bool",
    "datetime": "datetime",
}
"""Types of one value -> the kind of what it is compared with."""

TYPES = (*BASES, *(f"{base}[]" for base in BASES))
"""All types; ``[]`` stands for a list of such values."""

MOST_FIELDS = 64
"""Declared fields of one collection."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def base_of(kind: str) -> str:
    """The type of one value of a field."""
    return kind.removesuffix("[]")


def field_type(path: object, kind: object) -> tuple[str, str]:
    """One field and its type, checked."""
    if not isinstance(path, str) or not isinstance(kind, str):
        raise ArgumentTypeError(
            "a field is declared as name and type, as in {'pep': 'int'}, "
            f"got {shown(path)}: {shown(kind)}",
            expected="str: str",
            received=f"{type(path).__name__}: {type(kind).__name__}",
        )
    path, kind = str.__str__(path), str.__str__(kind)
    try:
        nodes.check_path(path)
    except InvalidFilterError as error:
        raise InvalidArgumentError(
            f"field {shown(path)}: {error.message}",
            expected=error.expected,
            received=error.received,
        ) from None
    if kind not in TYPES:
        close = spellings.meant(kind.removesuffix("[]"), BASES, spellings.FIELD_TYPES)
        several = "[]" if kind.endswith("[]") else ""
        hint = "" if close is None else f"; did you mean '{close}{several}'?"
        raise InvalidArgumentError(
            f"field {shown(path)}: the type must be one of {', '.join(TYPES)}, got {shown(kind)}"
            f"{hint}",
            expected=TYPES,
            received=kind,
        )
    return path, kind


def field_types(fields: object) -> dict[str, str]:
    """The fields that a collection is to be made with; None for none."""
    if fields is None:
        return {}
    if not isinstance(fields, Mapping):
        raise ArgumentTypeError(
            f"fields must be a dict such as {{'pep': 'int'}}, got {type(fields).__name__}",
            expected="dict[str, str]",
            received=type(fields).__name__,
        )
    if len(fields) > MOST_FIELDS:
        raise InvalidArgumentError(
            f"a collection has at most {MOST_FIELDS} declared fields, got {len(fields)}",
            expected=MOST_FIELDS,
            received=len(fields),
        )
    try:
        return dict(field_type(path, kind) for path, kind in fields.items())
    except Exception as error:
        raise unreadable("fields", fields, error) from error


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
        found = moment(value)
        if found is not None:
            return _EPOCH + timedelta(microseconds=found)
    if value is None or kind_of(value) == BASES[base]:
        if base == "bool" and isinstance(where, nodes.Comparison) and where.ordered:
            raise _refused(where, kind, "has no meaning for it")
        return value
    shown = repr(value) if len(repr(value)) <= 64 else f"{repr(value)[:64]}..."
    wanted = "a date or time in ISO 8601" if base == "datetime" else f"a {BASES[base]}"
    raise _refused(where, kind, f"takes {wanted}, got {kind_of(value)} {shown}")


def _refused(where: Condition, kind: str, what: str) -> InvalidFilterError:
    return InvalidFilterError(
        f"field {where.path!r} is declared as {kind}: {where.operator} {what}",
        path=where.path,
        expected=kind,
        received=where.operator,
    )
