"""Messages of Protocol Buffers, field by field, without their definitions.

A field is a varint of its number and its form, then its value. Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

__all__ = ["Value", "message", "signed", "varints"]

Value: TypeAlias = int | bytes
"""A number of a varint or of a fixed form, or the bytes of a text, a message or a packed list."""

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_LONGEST: Final = 10  # bytes of a varint


def message(data: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message in order: their numbers and values.

    Raises:
        ValueError: It ends early, or has a form that is not known; says at which byte.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, form = key >> 3, key & 7
        if form == _VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        if form == _BYTES:
            length, place = _varint(data, place)
        elif form in (_EIGHT, _FOUR):
            length = 8 if form == _EIGHT else 4
        else:
            raise ValueError(f"a message has a field of the form {form} at byte {place:,}")
        if length > len(data) - place:
            raise ValueError(f"a message ends inside a field at byte {place:,}")
        part = data[place : place + length]
        yield number, part if form == _BYTES else int.from_bytes(part, "little")
        place += length


def varints(data: bytes) -> list[int]:
    """The numbers of a packed list of varints; raises ValueError as `message`."""
    numbers, place = [], 0
    while place < len(data):
        number, place = _varint(data, place)
        numbers.append(number)
    return numbers


def signed(number: int) -> int:
    """A varint of a type with a sign."""
    return number - (1 << 64) if number >> 63 else number


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(_LONGEST):
        if place + shift >= len(data):
            break
        byte = data[place + shift]
        number |= (byte & 127) << (7 * shift)
        if byte < 128:
            return number & (1 << 64) - 1, place + shift + 1
    raise ValueError(f"a message has no whole number at byte {place:,}")
