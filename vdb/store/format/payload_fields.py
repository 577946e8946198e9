"""Some fields of payloads, decoded without the others.

Of a payload that holds a long text, a field beside the text costs a small part of decoding all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from vdb.kernel import are_payloads
from vdb.model.records import Payload
from vdb.store.format.packing import DECODER_ERRORS, DEEPEST, stream
from vdb.store.format.payloads import Payloads

__all__ = ["FieldTree", "field_tree", "some_fields"]

FieldTree: TypeAlias = "dict[str, FieldTree | None]"
"""Names of fields, with the names of nested ones inside them; None for the whole field."""

_ABSENT: FieldTree = {}

_FIXMAP, _MAPS = range(0x80, 0x90), (0xDE, 0xDF)  # first bytes of a map in msgpack


def field_tree(paths: Iterable[tuple[str, ...]]) -> FieldTree:
    """The tree of fields whose paths are made of these names."""
    tree: FieldTree = {}
    for *outer, last in sorted(paths, key=len):
        inner: FieldTree | None = tree
        for name in outer:
            inner = None if inner is None else inner.setdefault(name, {})
        if inner is not None:  # else the tree has an outer field as a whole
            inner[last] = None
    return tree


def some_fields(payloads: Payloads, tree: FieldTree) -> list[Payload]:
    """Of each payload the fields of the tree, in dicts nested as they are stored.

    A field that is not there is left out. None stands for a payload that is no dict.

    Raises:
        CorruptedError: A payload is damaged.
    """
    encoded = payloads.encoded
    if are_payloads(encoded, DEEPEST):
        decoder = stream()
        try:
            return [None if body is None else _decoded(decoder, body, tree) for body in encoded]
        except DECODER_ERRORS:
            pass  # decoding all of them says what is wrong
    return [_picked(payload, tree) if type(payload) is dict else None for payload in payloads]


def _decoded(decoder: Any, body: bytes, tree: FieldTree) -> Payload:
    start = decoder.tell()
    decoder.feed(body)
    if not _is_map(body[0]):
        decoder.skip()
        return None
    return _decoded_map(decoder, body, start, tree)


def _decoded_map(decoder: Any, body: bytes, start: int, tree: FieldTree) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for _ in range(decoder.read_map_header()):
        name = decoder.unpack()
        inner = tree.get(name, _ABSENT)
        if inner is _ABSENT:
            decoder.skip()
        elif inner is None:
            fields[name] = decoder.unpack()
        elif _is_map(body[decoder.tell() - start]):
            fields[name] = _decoded_map(decoder, body, start, inner)
        else:
            decoder.skip()
    return fields


def _is_map(first: int) -> bool:
    return first in _FIXMAP or first in _MAPS


def _picked(payload: dict[str, Any], tree: FieldTree) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in payload.items():
        inner = tree.get(name, _ABSENT)
        if inner is None:
            fields[name] = value
        elif inner is not _ABSENT and type(value) is dict:
            fields[name] = _picked(value, inner)
    return fields
