"""Ids: ints of 64 bits or strs, all of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from vdb.errors import ArgumentTypeError, DuplicateIdError, InvalidArgumentError
from vdb.model import dataframes, pauses
from vdb.model.arguments import listed, shown, unreadable
from vdb.model.config import LIMITS
from vdb.model.records import Id

__all__ = [
    "id_kind",
    "id_list",
    "id_or_none",
    "is_one_id",
    "one_id",
    "refuse_repeats",
    "require_id_kind",
]


def is_one_id(ids: object) -> bool:
    """Whether this is one id rather than several."""
    return isinstance(ids, str | int | np.integer | np.bool_) or dataframes.is_scalar(ids)


def one_id(value: object, name: str = "id") -> Id:
    """One id as a plain int or str.

    Raises:
        ArgumentTypeError: Neither an int nor a str; bool is neither.
        InvalidArgumentError: Out of range, empty, too long, or not storable as UTF-8.
    """
    if isinstance(value, str):
        return _text_id(str.__str__(value), name)
    try:
        value = dataframes.scalar(value)
    except Exception as error:
        raise unreadable(name, value, error) from error
    if isinstance(value, str):
        return _text_id(value, name)
    if isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64):
        number = int(value)
        if LIMITS.id_min <= number <= LIMITS.id_max:
            return number
        raise InvalidArgumentError(
            f"{name} must fit a signed 64-bit integer, got {shown(number)}",
            expected=(LIMITS.id_min, LIMITS.id_max),
            received=number,
        )
    raise ArgumentTypeError(
        f"{name} must be an int or a str, got {type(value).__name__}{dataframes.advice(value)}",
        expected="int | str",
        received=type(value).__name__,
    )


def id_or_none(value: object) -> Id | None:
    """One id as a plain int or str; None for what is none."""
    if not is_one_id(value):
        return None
    try:
        return one_id(value)
    except (InvalidArgumentError, ArgumentTypeError):
        return None


def id_list(ids: Any, *, ordered: bool = True, name: str = "ids") -> list[Id]:
    """Ids as a list of plain ints or plain strs, all of one kind; one id is a list of one.

    Args:
        ids: One id, or any iterable of ids.
        ordered: Whether their order matters, so that a set is refused.
        name: What they are called in messages.

    Raises:
        ArgumentTypeError: Not ids, or of both kinds.
        InvalidArgumentError: One is out of range, empty, too long, or not storable as UTF-8.
    """
    if is_one_id(ids):
        return [one_id(ids)]
    entries = _entries(ids, ordered=ordered)
    kinds = set(map(type, entries))
    if kinds == {int} and LIMITS.id_min <= min(entries) and max(entries) <= LIMITS.id_max:
        return entries
    if kinds == {str} and _are_plain_texts(entries):
        return entries
    plain = [one_id(value, f"{name}[{i}]") for i, value in enumerate(pauses.paced(entries))]
    if plain:
        first = type(plain[0])
        for i, value in enumerate(pauses.paced(plain)):
            if type(value) is not first:
                raise ArgumentTypeError(
                    f"{name} must be all int or all str: {name}[0] is {first.__name__}, "
                    f"{name}[{i}] is {type(value).__name__}",
                    expected=first.__name__,
                    received=type(value).__name__,
                )
    return plain


def _entries(ids: Any, *, ordered: bool) -> list[Any]:
    """The entries of an array, a column or another sequence of ids."""
    if isinstance(ids, np.ndarray):
        if ids.ndim != 1:
            raise InvalidArgumentError(
                f"ids must have one axis, got an array of shape {ids.shape}",
                expected="(n,)",
                received=ids.shape,
            )
        if ids.dtype.kind in "mM":
            raise ArgumentTypeError(
                f"ids must be int or str, got an array of {ids.dtype}",
                expected="int | str",
                received=str(ids.dtype),
            )
        entries: list[Any] = ids.tolist()
        return entries
    if (
        dataframes.is_table(ids)
        or dataframes.speaks_arrow(ids)
        or (
            isinstance(ids, Iterable)
            and not isinstance(ids, bytes | bytearray | memoryview | Mapping)
            and not (ordered and isinstance(ids, set | frozenset))
        )
    ):
        return listed("ids", ids, LIMITS.slots)
    raise ArgumentTypeError(
        "ids must be an int, a str, or a sequence of one of them, got "
        f"{type(ids).__name__}{dataframes.advice(ids)}",
        expected="int | str | sequence of them",
        received=type(ids).__name__,
    )


def id_kind(ids: list[Id]) -> str | None:
    """The one kind that ids are of, "int" or "str"; None when there are none."""
    return type(ids[0]).__name__ if ids else None


def require_id_kind(name: str, kind: str | None, ids: list[Id], *, argument: str = "") -> None:
    """Refuse ids of the other kind than those of the collection `name`.

    The message begins with the name of the argument, where it is not that of several ids.
    """
    received = id_kind(ids)
    if kind is not None and received is not None and received != kind:
        raise ArgumentTypeError(
            f"{argument and f'{argument}: '}the ids of collection {name!r} are of type {kind}, got "
            f"{received} {ids[0]!r}",
            expected=kind,
            received=received,
        )


def refuse_repeats(ids: list[Id]) -> None:
    """Raise DuplicateIdError when an id is given twice."""
    if len(set(ids)) == len(ids):
        return
    seen: dict[Id, int] = {}
    for i, value in enumerate(ids):
        if value in seen:
            raise DuplicateIdError(
                f"ids[{i}] repeats ids[{seen[value]}]: {value!r} is given twice in one call",
                expected="ids that differ",
                received=value,
            )
        seen[value] = i


def _are_plain_texts(texts: list[str]) -> bool:
    """Whether all are ids, as most are, of ASCII; False says nothing."""
    for some in pauses.pieces(texts):
        together, lengths = "".join(some), list(map(len, some))
        if not together.isascii() or "\0" in together:
            return False
        if min(lengths) < 1 or max(lengths) > LIMITS.id_bytes:
            return False
    return True


def _text_id(text: str, name: str) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = -1
    if 0 < size <= LIMITS.id_bytes and "\0" not in text:
        return text
    if size < 0:
        what = "text that UTF-8 can hold (no lone surrogates)"
    elif "\0" in text:
        what = "without NUL characters"
    else:
        what = f"1 to {LIMITS.id_bytes} bytes long in UTF-8, got {size}"
    raise InvalidArgumentError(
        f"{name} must be {what}", expected=f"1..{LIMITS.id_bytes} bytes", received=text
    )
