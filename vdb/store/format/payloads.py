"""Payloads: the Python values that come back exactly as they were given.

None, bool, int (-2**63 .. 2**64-1), finite float, str, list, and dict with str keys, nested at most
`DEEPEST` deep, at most `LARGEST` bytes encoded. numpy's numbers, texts and arrays of them are taken
as the values of Python that they are. Everything else is refused rather than converted, unless the
caller has a `PayloadEncoder`: a tuple would come back as a list, NaN equal to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, overload

import numpy as np

from vdb.errors import CorruptedError, InvalidPayloadError
from vdb.kernel import are_payloads, plain_payloads
from vdb.model import pauses
from vdb.model.payload_encoder import (
    PayloadEncoder,
    ValueRefusedError,
    converted,
    converts,
    place_of,
)
from vdb.model.records import Payload
from vdb.model.tables.columns import EncodedPayloads
from vdb.store.format import numpy_values
from vdb.store.format.packing import DECODER_ERRORS, DEEPEST, LARGEST, pack, stream, unpack

__all__ = ["DEEPEST", "LARGEST", "Payloads", "decode", "encode", "encode_all", "record_place"]

_LOWEST_INT = -(2**63)
_HIGHEST_INT = 2**64 - 1


def encode(
    payload: Payload,
    *,
    row: int | None = None,
    encoder: PayloadEncoder | None = None,
    place: str | None = None,
) -> bytes:
    """Check and encode one payload.

    Args:
        payload: The payload.
        row: Its position in what was given, for the message.
        encoder: Converts values that are refused without it.
        place: How the message names the payload, instead of by `row`.

    Raises:
        InvalidPayloadError: It would not come back unchanged, or is too long; names the path to
            the value inside the payload, such as ``payload["tags"][3]``.
    """
    place = _place(row) if place is None else place
    try:
        body = pack(_encodable(payload, encoder))
    except ValueRefusedError as refused:
        path = "".join(reversed(refused.path))
        raise InvalidPayloadError(
            f"{place}{path}: expected {refused.expected}, got {refused.received}"
            f"{_advice(refused, encoder)}",
            row=row,
            path=path,
            expected=refused.expected,
            received=refused.received,
        ) from refused.__cause__
    if len(body) > LARGEST:
        raise InvalidPayloadError(
            f"{place} takes {len(body):,} bytes encoded; at most {LARGEST:,} are kept",
            row=row,
            expected=LARGEST,
            received=len(body),
        )
    return body


def encode_all(
    payloads: list[Payload], *, one: bool = False, encoder: PayloadEncoder | None = None
) -> list[bytes | None]:
    """`encode` of each; None where there is none.

    Args:
        payloads: The payloads.
        one: Whether a single record is meant: messages then give no position.
        encoder: As for `encode`.
    """
    encoded: list[bytes | None] = []
    for some in pauses.pieces(payloads):
        for payload, body in zip(some, plain_payloads(some, DEEPEST, LARGEST), strict=True):
            if body is None and payload is not None:
                row = None if one else len(encoded)
                body = encode(payload, row=row, encoder=encoder)  # noqa: PLW2901
            encoded.append(body)
    return encoded


def _encodable(payload: Payload, encoder: PayloadEncoder | None) -> Payload:
    """The payload in values that can be packed; converted only where that is necessary."""
    if encoder is None:
        return _plain(payload, DEEPEST)
    with suppress(ValueRefusedError):
        return _plain(payload, DEEPEST)
    return _plain(converted(payload, encoder, DEEPEST), DEEPEST)


def _advice(refused: ValueRefusedError, encoder: PayloadEncoder | None) -> str:
    """What to write instead of a refused value, for the end of a message."""
    value = refused.value
    if refused.advice or value is None:
        advice = refused.advice
    else:
        words = numpy_values.advice(value)
        advice = words and f"; {words}"
    if encoder is not None or value is None:
        return advice
    if isinstance(value, float):
        nan = value != value  # noqa: PLR0124
        place = ", and payload_encoder=vdb.PayloadEncoder(nan='null') puts it there"
        return f"{advice}{place}" if nan else advice
    return f"{advice}, or use payload_encoder='json'" if converts(value) else advice


def decode(body: bytes, where: str) -> Payload:
    """The inverse of `encode`; CorruptedError on anything else."""
    return unpack(body, where, payload=True)


class Payloads(EncodedPayloads):
    """Payloads as they are stored, decoded all together when the first of them is looked at.

    A search need not decode what may never be read. They are copies, sound as far as checksums
    tell; looking raises CorruptedError where one is no payload for all that.
    """

    __slots__ = ("_collection", "_decoded", "_slots", "_tell", "encoded")

    def __init__(
        self,
        encoded: list[bytes | None],
        slots: Sequence[int] = (),
        collection: int = 0,
        tell: Callable[[CorruptedError], None] | None = None,
    ) -> None:
        """`encoded` as `encode` made them; slots and collection are for messages.

        `tell` is called with an error before it is raised, to add where the file is.
        """
        self.encoded = encoded  # as they are stored; None: there is none
        self._slots = slots
        self._collection = collection
        self._tell = tell
        self._decoded: list[Payload] | None = None

    def __len__(self) -> int:
        return len(self.encoded)

    @overload
    def __getitem__(self, index: int) -> Payload: ...
    @overload
    def __getitem__(self, index: slice) -> Payloads: ...
    def __getitem__(self, index: int | slice) -> Payload | Payloads:
        if not isinstance(index, slice):
            return self._all()[index]
        part = Payloads(self.encoded[index], self._slots[index], self._collection, self._tell)
        if self._decoded is not None:
            part._decoded = self._decoded[index]
        return part

    def __iter__(self) -> Iterator[Payload]:
        return iter(self._all())

    def take(self, places: Sequence[int]) -> Payloads:
        """Those at these places, in this order."""
        slots = [int(self._slots[place]) for place in places] if len(self._slots) else ()
        encoded = [self.encoded[place] for place in places]
        return Payloads(encoded, slots, self._collection, self._tell)

    def joined(self, others: Payloads) -> Payloads:
        """These and others of the same collection, in this order."""
        slots = [*self._slots, *others._slots]
        tell = self._tell or others._tell
        number = self._collection or others._collection
        return Payloads(self.encoded + others.encoded, slots, number, tell)

    def _all(self) -> list[Payload]:
        if self._decoded is None:
            self._decoded = _decoded(self.encoded) or list(map(self._one, range(len(self))))
        return self._decoded

    def _one(self, i: int) -> Payload:
        body = self.encoded[i]
        try:
            return None if body is None else decode(body, self._place(i))
        except CorruptedError as error:
            if self._tell is not None:
                self._tell(error)
            raise

    def _place(self, i: int) -> str:
        return record_place(self._collection, self._slots[i] if i < len(self._slots) else "?")


def _decoded(encoded: list[bytes | None]) -> list[Payload] | None:
    """All of them by one decoder; None where one of them is not exactly one value."""
    if not all(are_payloads(some, DEEPEST) for some in pauses.pieces(encoded)):
        return None
    decoder, end = stream(), 0
    payloads: list[Payload] = []
    try:
        for body in pauses.paced(encoded):
            if body is None:
                payloads.append(None)
                continue
            decoder.feed(body)
            payloads.append(decoder.unpack())
            end += len(body)
            if decoder.tell() != end:
                return None
    except DECODER_ERRORS:
        return None
    return payloads


def record_place(collection: int, slot: int | str) -> str:
    """What messages call the record in a slot of a collection of that number."""
    return f"record at slot {slot} of collection {collection}"


def _place(row: int | None) -> str:
    return "payload" if row is None else f"payloads[{row}]"


def _plain(value: Any, depth: int) -> Any:
    """One value, checked; the same object unless numpy's values stand in it.

    Exact types: a subclass would come back as its base.
    """
    kind = type(value)
    if kind is str:
        _check_text(value)
    elif kind is int:
        if not _LOWEST_INT <= value <= _HIGHEST_INT:
            raise ValueRefusedError("an int from -2**63 to 2**64-1", "a larger one")
    elif kind is float:
        if not math.isfinite(value):
            what = "; None stands for what is missing" if value != value else ""  # noqa: PLR0124
            raise ValueRefusedError("a finite float", repr(value), what, value=value)
    elif kind is dict or kind is list:
        if depth == 0:
            raise ValueRefusedError(f"at most {DEEPEST} levels of nesting", "more")
        return (_plain_dict if kind is dict else _plain_list)(value, depth - 1)
    elif value is not None and kind is not bool:
        found = numpy_values.plain(value, LARGEST) if numpy_values.is_foreign(value) else value
        if found is not value:
            return _plain(found, depth)
        raise ValueRefusedError(
            "None, bool, int, float, str, list or dict",
            f"{kind.__module__}.{kind.__qualname__}",
            value=value,
        )
    return value


def _plain_dict(value: dict[Any, Any], depth: int) -> dict[Any, Any]:
    made = value
    for key, inner in value.items():
        if type(key) is not str:
            if isinstance(key, np.str_):
                names = [str(key) if isinstance(key, np.str_) else key for key in value]
                return _plain_dict(dict(zip(names, value.values(), strict=True)), depth)
            raise ValueRefusedError("str keys", f"{type(key).__module__}.{type(key).__qualname__}")
        try:
            _check_text(key)
            kept = _plain(inner, depth)
        except ValueRefusedError as refused:
            refused.path.append(place_of(key))
            raise
        if kept is not inner:
            made = dict(value) if made is value else made
            made[key] = kept
    return made


def _plain_list(value: list[Any], depth: int) -> list[Any]:
    made = value
    i = 0
    try:
        for i, inner in enumerate(value):
            kept = _plain(inner, depth)
            if kept is not inner:
                made = list(value) if made is value else made
                made[i] = kept
    except ValueRefusedError as refused:
        refused.path.append(f"[{i}]")
        raise
    return made


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueRefusedError("text that UTF-8 can hold", "a lone surrogate") from None
