"""Filters as predicates over payloads, made once and called for every record.

A condition on a list holds when it holds for one
of its elements; lists inside lists are not looked into.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from vdb.model.filters import nodes
from vdb.model.filters.field_presence import FieldPresence
from vdb.model.filters.nodes import Condition, Filter
from vdb.model.filters.paths import MISSING, find
from vdb.model.filters.values import Literal, microseconds, moment
from vdb.model.records import Payload

__all__ = ["Predicate", "predicate"]

Predicate: TypeAlias = Callable[[Payload], bool]
Test: TypeAlias = Callable[[Any], bool]

_ORDERS: dict[type[Condition], Callable[[Any, Any], bool]] = {
    nodes.Lt: operator.lt,
    nodes.Lte: operator.le,
    nodes.Gt: operator.gt,
    nodes.Gte: operator.ge,
}


def predicate(where: Filter, presence: FieldPresence | None = None) -> Predicate:
    """Whether a payload passes; `presence` counts which fields were there."""
    if isinstance(where, nodes.Not):
        inner = predicate(where.part, presence)
        return lambda payload: not inner(payload)
    if isinstance(where, nodes.Joint):
        parts = [predicate(part, presence) for part in where.parts]
        if isinstance(where, nodes.And):
            return lambda payload: all(part(payload) for part in parts)
        return lambda payload: any(part(payload) for part in parts)
    assert isinstance(where, Condition)  # noqa: S101 - there is nothing else
    names, test = where.names, test_of(where)
    if presence is None:
        return lambda payload: test(find(payload, names))
    counts = presence.counts(where.path)

    def passes(payload: Payload) -> bool:
        value = find(payload, names)
        if value is MISSING:
            counts[0] += 1
        else:
            counts[1] = 1
        return test(value)

    return passes


def test_of(condition: Condition) -> Test:
    """What a condition says of the value of its field, which may be `MISSING`."""
    make = _TESTS.get(type(condition))
    if make is not None:
        return make(condition)
    assert isinstance(condition, nodes.Comparison)  # noqa: S101 - what is left has an order
    return _of_any_element(_ordered(_ORDERS[type(condition)], condition.value))


def _of_any_element(test: Test) -> Test:
    """The test of a value, or of the elements of a list."""

    def of_any(value: Any) -> bool:
        if type(value) is list:
            return any(test(element) for element in value)
        return test(value)

    return of_any


def _in_list(test: Test) -> Test:
    return lambda value: type(value) is list and any(test(element) for element in value)


def _containing(literal: Literal) -> Test:
    equal = _in_list(_equal(literal))
    if not isinstance(literal, str):
        return equal
    return lambda value: literal in value if type(value) is str else equal(value)


def _containing_folded(text: str) -> Test:
    folded = text.casefold()

    def containing(value: Any) -> bool:
        if type(value) is str:
            return folded in value.casefold()
        return type(value) is list and any(
            type(element) is str and element.casefold() == folded for element in value
        )

    return containing


def _of_size(condition: nodes.Size) -> Test:
    low, high = condition.lowest, condition.highest
    if high is None:
        return lambda value: type(value) is list and low <= len(value)
    return lambda value: type(value) is list and low <= len(value) <= high


def _equal(literal: Literal) -> Test:
    # Python compares ints with floats exactly, and a bool equals an int: hence the types.
    if literal is None:
        return lambda value: value is None or value is MISSING
    if isinstance(literal, bool):
        return lambda value: value is literal
    if isinstance(literal, str):
        return lambda value: type(value) is str and value == literal
    if isinstance(literal, datetime):
        micro = microseconds(literal)
        return lambda value: type(value) is str and moment(value) == micro
    return lambda value: (type(value) is int or type(value) is float) and value == literal


def _one_of(literals: tuple[Literal, ...]) -> Test:
    """The same as one `_equal` for each, by way of sets."""
    texts = {value for value in literals if isinstance(value, str)}
    truths = {value for value in literals if isinstance(value, bool)}
    numbers = {
        value
        for value in literals
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    moments = {microseconds(value) for value in literals if isinstance(value, datetime)}
    null = None in literals

    def one_of(value: Any) -> bool:
        kind = type(value)
        if kind is str:
            return value in texts or (bool(moments) and moment(value) in moments)
        if kind is bool:
            return value in truths
        if kind is int or kind is float:
            return value in numbers
        return null and (value is None or value is MISSING)

    return one_of


def _ordered(compare: Callable[[Any, Any], bool], literal: Literal) -> Test:
    if isinstance(literal, str):
        # Python orders strings by code point, which is also the order of their UTF-8.
        return lambda value: type(value) is str and compare(value, literal)
    if isinstance(literal, datetime):
        micro = microseconds(literal)

        def in_time(value: Any) -> bool:
            own = moment(value) if type(value) is str else None
            return own is not None and compare(own, micro)

        return in_time
    return lambda value: (type(value) is int or type(value) is float) and compare(value, literal)


def _all_of(literals: tuple[Literal, ...]) -> Test:
    """A list with all of them, looked through once."""
    moments = {microseconds(value) for value in literals if isinstance(value, datetime)}
    # To Python 1 and True are equal: the types are part of what is looked for.
    others = {_typed(value) for value in literals if not isinstance(value, datetime)}

    def all_of(value: Any) -> bool:
        if type(value) is not list:
            return False
        if others and not others <= {_typed(e) for e in value if type(e) not in (dict, list)}:
            return False
        return not moments or moments <= {moment(e) for e in value if type(e) is str}

    return all_of


def _typed(value: Any) -> tuple[type, Any]:
    kind = type(value)
    return (int if kind is float else kind), value


def _not(test: Test) -> Test:
    return lambda value: not test(value)


_TESTS: dict[type[Condition], Callable[[Any], Test]] = {
    nodes.Eq: lambda c: _of_any_element(_equal(c.value)),
    nodes.Ne: lambda c: _not(_of_any_element(_equal(c.value))),
    nodes.In: lambda c: _of_any_element(_one_of(c.values)),
    nodes.NotIn: lambda c: _not(_of_any_element(_one_of(c.values))),
    nodes.Contains: lambda c: _containing(c.value),
    nodes.ContainsFolded: lambda c: _containing_folded(c.value),
    nodes.Any_: lambda c: _in_list(_one_of(c.values)),
    nodes.All: lambda c: _all_of(c.values),
    nodes.Prefix: lambda c: _of_any_element(
        lambda value: type(value) is str and value.startswith(c.value)
    ),
    nodes.Exists: lambda c: lambda value: (value is not MISSING) is c.wanted,
    nodes.IsNull: lambda c: lambda value: (value is None) is c.wanted,
    nodes.Empty: lambda c: (
        lambda value: (value is MISSING or value is None or value == []) is c.wanted
    ),
    nodes.Size: _of_size,
}
