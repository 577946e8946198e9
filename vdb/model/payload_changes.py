"""Changes of payloads: fields that get a value, by their paths, and fields that are removed.

As ``$set`` and ``$unset`` of MongoDB: the value of a field is replaced as a whole, and a path leads
to a field inside others.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

from vdb.errors import ArgumentTypeError, InvalidArgumentError, InvalidFilterError
from vdb.model.arguments import shown, unreadable
from vdb.model.filters.paths import check_path, names_of, path_of
from vdb.model.records import Payload

__all__ = ["REMOVE", "NoMapError", "PayloadChange", "Removal", "change_from", "changed"]

Names: TypeAlias = tuple[str, ...]


class Removal:
    """In the place of a value, for `Collection.update_payloads`: the field is removed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "vdb.REMOVE"

    def __reduce__(self) -> str:
        """By its name: there is one such object in each process."""
        return "REMOVE"


REMOVE: Final = Removal()
"""The one object of its class."""


class PayloadChange(NamedTuple):
    """What becomes of a payload.

    Attributes:
        values: Fields that get a value.
        removed: Fields that are removed.
    """

    values: tuple[tuple[Names, Any], ...]
    removed: tuple[Names, ...]

    def tree(self) -> dict[str, Any]:
        """The payload that consists of the values alone."""
        tree: dict[str, Any] = {}
        for names, value in self.values:
            _set(tree, names, value)
        return tree


class NoMapError(Exception):
    """A field that changes lies inside one that is no map."""

    def __init__(self, path: str, kind: str) -> None:
        super().__init__(path, kind)
        self.path = path
        self.kind = kind


def change_from(changes: object, place: str) -> PayloadChange:
    """The change that a mapping from paths to values stands for.

    Args:
        changes: The mapping.
        place: How messages name it.

    Raises:
        ArgumentTypeError: No mapping.
        InvalidArgumentError: A key that names no field, or two of which one lies in the other.
    """
    if not isinstance(changes, Mapping):
        raise ArgumentTypeError(
            f"{place} must be a dict from fields to values, got {type(changes).__name__}",
            expected="a dict",
            received=type(changes).__name__,
        )
    try:
        entries = list(changes.items())
    except Exception as error:  # a mapping may do anything when it is looked at
        raise unreadable(place, changes, error) from error
    fields: list[tuple[Names, Any]] = []
    for path, value in entries:
        try:
            fields.append((names_of(check_path(path)), value))
        except InvalidFilterError as error:
            raise InvalidArgumentError(
                f"{place}: {error.message}", expected=error.expected, received=error.received
            ) from None
    ordered = sorted(names for names, _ in fields)
    for outer, inner in pairwise(ordered):
        if inner[: len(outer)] == outer:
            what = "twice" if inner == outer else f"and {shown(path_of(inner))}, which is inside it"
            raise InvalidArgumentError(
                f"{place} names {shown(path_of(outer))} {what}",
                expected="fields apart from each other",
                received=[path_of(outer), path_of(inner)],
            )
    return PayloadChange(
        tuple((names, value) for names, value in fields if value is not REMOVE),
        tuple(names for names, value in fields if value is REMOVE),
    )


def changed(payload: Payload, change: PayloadChange) -> Payload:
    """The payload after the change, which may be made in it: a copy of its own.

    Maps on the way to a field are made where there is nothing, or null.

    Raises:
        NoMapError: On the way to a field that gets a value there is something else than a map.
    """
    if payload is None:
        if not change.values:
            return None
        payload = {}
    if type(payload) is not dict:
        raise NoMapError("", type(payload).__name__)
    for names, value in change.values:
        _set(payload, names, value)
    for names in change.removed:
        _remove(payload, names)
    return payload


def _set(payload: dict[str, Any], names: Names, value: Any) -> None:
    for i, name in enumerate(names[:-1], 1):
        inner = payload.get(name)
        if inner is None:
            inner = payload[name] = {}
        if type(inner) is not dict:
            raise NoMapError(path_of(names[:i]), type(inner).__name__)
        payload = inner
    payload[names[-1]] = value


def _remove(payload: dict[str, Any], names: Names) -> None:
    for name in names[:-1]:
        inner = payload.get(name)
        if type(inner) is not dict:
            return
        payload = inner
    payload.pop(names[-1], None)
