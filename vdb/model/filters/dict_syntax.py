"""Filters as dicts, in the spelling of Chroma and Mongo.

::

    {"pep": 484}                                      equal
    {"pep": {"$gte": 400, "$lt": 500}}                all that is said of a field
    {"pep": {"$gte": 400}, "section": {"$in": [...]}} all fields
    {"$or": [{...}, {...}]}, {"$not": {...}}          joined
    {"author.name": {"$prefix": "G"}}                 nested
    {"$id": {"$in": [...]}}                           ids

Depth is bounded before anything is built, so that a hostile filter is refused and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias, TypeVar

from vdb.errors import InvalidFilterError
from vdb.model.arguments import unreadable
from vdb.model.filters import nodes
from vdb.model.filters.nodes import DEEPEST, And, Eq, Filter, Not, Or
from vdb.model.filters.paths import ID_PATH, check_path
from vdb.model.filters.simplify import conditions

__all__ = ["parse", "parse_filter"]

T = TypeVar("T")

_Place: TypeAlias = "tuple[_Place, str | int] | None"
"""Where in a filter something stands: where that stands which it is in, and its key there."""

_CONDITIONS: dict[str, Callable[[str, Any], nodes.Condition]] = {
    kind.operator: kind
    for kind in (
        nodes.Eq,
        nodes.Ne,
        nodes.Lt,
        nodes.Lte,
        nodes.Gt,
        nodes.Gte,
        nodes.In,
        nodes.NotIn,
        nodes.Exists,
        nodes.IsNull,
        nodes.Empty,
        nodes.Contains,
        nodes.ContainsFolded,
        nodes.Any_,
        nodes.All,
        nodes.Prefix,
    )
} | {nodes.Size.operator: nodes.Size.of}
_JOINTS: dict[str, type[And | Or]] = {"$and": And, "$or": Or}


def parse_filter(where: Mapping[str, Any] | Filter) -> Filter:
    """The filter that a dict stands for, to be joined with others or put `under` a field.

    ``to_dict()`` of a filter goes the other way.

    Raises:
        InvalidFilterError: It cannot be understood; ``path`` says where inside it.

    Example:
        recent = vdb.parse_filter({"year": {"$gte": 2020}}) & ~vdb.F.tags.empty()
    """
    return parse(where)


def parse(where: object) -> Filter:
    """The filter that was given, as a tree; an expression is one already.

    Raises:
        InvalidFilterError: It cannot be understood; ``path`` says where inside it.
    """
    try:
        return _bounded(_parse(where, None, 1))
    except (InvalidFilterError, MemoryError):
        raise
    except Exception as error:  # a mapping may do anything when it is looked at
        raise InvalidFilterError(
            str(unreadable("where", where, error)), path="where", received=type(where).__name__
        ) from error


def _bounded(where: Filter) -> Filter:
    """Refuse a filter with too many values, however they are divided among its lists."""
    lists = [one for one in conditions(where) if isinstance(one, nodes.Membership)]
    for what, of_id, most in (
        ("values", False, nodes.MOST_VALUES_IN_ALL),
        ("ids", True, nodes.MOST_IDS),
    ):
        size = sum(len(one.values) for one in lists if one.of_id is of_id)
        if size > most:
            raise InvalidFilterError(
                f"where: at most {most:,} {what} in all lists together, got {size:,}",
                path="where",
                expected=most,
                received=size,
            )
    return where


def _parse(where: object, place: _Place, depth: int) -> Filter:
    if isinstance(where, Filter):
        return where
    if not isinstance(where, Mapping):
        hint = "; compare it with something, as in F.x == 1" if hasattr(where, "isin") else ""
        _refuse(place, f"expected a dict or an expression, got {type(where).__name__}{hint}")
    if depth > DEEPEST:
        _refuse(place, f"a filter has at most {DEEPEST} levels")
    parts = [_entry(key, value, place, depth) for key, value in where.items()]
    return parts[0] if len(parts) == 1 else _made(place, lambda: And(tuple(parts)))


def _entry(key: object, value: object, place: _Place, depth: int) -> Filter:
    if not isinstance(key, str):
        _refuse(place, f"expected the name of a field, got {type(key).__name__}")
    inside = place, key
    if key in _JOINTS:
        if not isinstance(value, list | tuple) or not value:
            _refuse(inside, f"expected a list of filters, got {_named(value)}")
        parts = tuple([_parse(v, (inside, i), depth + 1) for i, v in enumerate(value)])
        return _made(inside, lambda: _JOINTS[key](parts))
    if key == "$not":
        part = _parse(value, inside, depth + 1)
        return _made(inside, lambda: Not(part))
    if key == ID_PATH:
        return _field(key, value, inside, depth)
    if key.startswith("$"):
        _unknown(key, place, ("$and", "$or", "$not", ID_PATH))
    _made(inside, lambda: check_path(key))
    return _field(key, value, inside, depth)


def _field(path: str, value: object, place: _Place, depth: int) -> Filter:
    if depth > DEEPEST:
        _refuse(place, f"a filter has at most {DEEPEST} levels")
    if not isinstance(value, Mapping) or list(value) == ["$date"]:
        return _made(place, lambda: Eq(path, value))  # type: ignore[arg-type]  # Eq checks it
    if not value:
        _refuse(place, 'expected a condition, as in {"$gte": 400}, got an empty dict')
    parts = [_condition(path, name, operand, place, depth) for name, operand in value.items()]
    return parts[0] if len(parts) == 1 else _made(place, lambda: And(tuple(parts)))


def _condition(path: str, name: object, operand: object, place: _Place, depth: int) -> Filter:
    if not isinstance(name, str) or not name.startswith("$"):
        shown = str(name)[:64]
        _refuse(
            place,
            f"expected an operator such as '$gte', got {shown!r}; a nested field is written "
            f"{f'{path}.{shown}'!r}",
        )
    inside = place, name
    if name == "$not":
        part = _field(path, operand, inside, depth + 1)
        return _made(inside, lambda: Not(part))
    kind = _CONDITIONS.get(name)
    if kind is None:
        _unknown(name, place, (*_CONDITIONS, "$not"))
    if name in ("$eq", "$ne") and isinstance(operand, list | tuple):
        _refuse(inside, "expected one value, got a list; $in, $any and $all take lists")
    return _made(inside, lambda: kind(path, operand))


def _made(place: _Place, make: Callable[[], T]) -> T:
    """What `make` makes; its refusals get the place."""
    try:
        return make()
    except InvalidFilterError as error:
        spelled = _spelled(place)
        raise InvalidFilterError(
            f"{spelled}: {error.message}",
            path=spelled,
            expected=error.expected,
            received=error.received,
        ) from None


def _unknown(name: str, place: _Place, known: tuple[str, ...]) -> NoReturn:
    _refuse(place, f"there is no operator {name[:64]!r} here; there are {', '.join(known)}")


def _named(value: object) -> str:
    return "an empty one" if isinstance(value, list | tuple) else type(value).__name__


def _refuse(place: _Place, what: str) -> NoReturn:
    spelled = _spelled(place)
    raise InvalidFilterError(f"{spelled}: {what}", path=spelled)


def _spelled(place: _Place) -> str:
    keys: list[str] = []
    while place is not None:
        place, key = place
        keys.append(f"[{key if isinstance(key, int) else key[:64]!r}]")
    return "where" + "".join(reversed(keys))
