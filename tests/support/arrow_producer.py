"""A library that speaks the Arrow C data and stream interfaces, in ctypes, for tests.

It does what the specification asks of one, and counts how often each struct was released.
"""

from __future__ import annotations

import ctypes
import itertools
import struct
from dataclasses import dataclass, field

import numpy as np


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
GET_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))

Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
Stream._fields_ = [
    ("get_schema", GET_SCHEMA),
    ("get_next", GET_NEXT),
    ("get_last_error", GET_ERROR),
    ("release", RELEASE_STREAM),
    ("private_data", ctypes.c_void_p),
]

KEPT: dict[int, object] = {}
"""What exported structs point to, by a number in their private data."""

RELEASED: list[str] = []
"""The kinds of structs that were released, in order; children are not counted."""

_numbers = itertools.count(1)


def live() -> int:
    """How many structs have not been released."""
    return len(KEPT)


def _keep(*things: object) -> int:
    number = next(_numbers)
    KEPT[number] = things
    return number


def _releaser(prototype, kind):
    def release(pointer):
        content = pointer.contents
        del KEPT[content.private_data]
        RELEASED.append(kind)
        content.release = prototype()

    return prototype(release)


_RELEASE = {
    kind: _releaser(prototype, kind)
    for kind, prototype in (
        ("schema", RELEASE_SCHEMA),
        ("array", RELEASE_ARRAY),
        ("stream", RELEASE_STREAM),
    )
}
# Children are given back with their parents.
_NOTHING_SCHEMA = RELEASE_SCHEMA(lambda _: None)
_NOTHING_ARRAY = RELEASE_ARRAY(lambda _: None)

_new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_ALIVE: dict[int, object] = {}


def _capsule(content: ctypes.Structure, name: bytes) -> object:
    address = ctypes.addressof(content)
    _ALIVE[address] = content  # the capsule owns the memory of the struct

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def destroy(capsule: int) -> None:
        own = _ALIVE.pop(_pointer(capsule, name))
        if own.release:  # nobody took it
            own.release(ctypes.byref(own))

    _ALIVE[address + 1] = (destroy, name)
    return _new(address, name, ctypes.cast(destroy, ctypes.c_void_p))


@dataclass
class Node:
    """An array: its type, its buffers and what lies below it.

    Attributes:
        format: The type, in the letters of the interface.
        length: Rows.
        buffers: bytes, arrays of numpy, or None, in the order of the type's layout.
    """

    format: str
    length: int
    buffers: list = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    dictionary: Node | None = None
    name: str = ""
    offset: int = 0
    null_count: int = -1
    metadata: dict[bytes, bytes] | None = None

    def __arrow_c_array__(self, requested_schema=None):
        schema, array = Schema(), Array()
        self.fill_schema(schema)
        self.fill_array(array)
        return _capsule(schema, b"arrow_schema"), _capsule(array, b"arrow_array")

    def fill_schema(self, schema: Schema, *, root: bool = True) -> None:
        children = [Schema() for _ in self.children]
        for child, node in zip(children, self.children, strict=True):
            node.fill_schema(child, root=False)
        pointers = (ctypes.POINTER(Schema) * len(children))(*map(ctypes.pointer, children))
        metadata = None if self.metadata is None else _encoded(self.metadata)
        # Not left to ctypes, which keeps bytes as long as the object in Python of the struct lives.
        words = [ctypes.create_string_buffer(text.encode()) for text in (self.format, self.name)]
        schema.format, schema.name = (ctypes.cast(word, ctypes.c_char_p) for word in words)
        schema.metadata = None if metadata is None else ctypes.addressof(metadata)
        schema.flags, schema.n_children = 2, len(children)
        schema.children = ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(Schema)))
        below = None
        if self.dictionary is not None:
            below = Schema()
            self.dictionary.fill_schema(below, root=False)
            schema.dictionary = ctypes.pointer(below)
        kept = (children, pointers, metadata, below, words)
        _finish(schema, kept, _RELEASE["schema"], _NOTHING_SCHEMA, root=root)

    def fill_array(self, array: Array, *, root: bool = True) -> None:
        children = [Array() for _ in self.children]
        for child, node in zip(children, self.children, strict=True):
            node.fill_array(child, root=False)
        pointers = (ctypes.POINTER(Array) * len(children))(*map(ctypes.pointer, children))
        # Exactly as long as they must be, so that a sanitizer sees every byte too many.
        parts = [
            None if part is None else np.frombuffer(bytes(part), np.uint8).copy()
            for part in self.buffers
        ]
        addresses = (ctypes.c_void_p * len(parts))(
            *(None if part is None else part.ctypes.data for part in parts)
        )
        array.length, array.null_count, array.offset = self.length, self.null_count, self.offset
        array.n_buffers, array.n_children = len(parts), len(children)
        array.buffers = ctypes.cast(addresses, ctypes.POINTER(ctypes.c_void_p))
        array.children = ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(Array)))
        below = None
        if self.dictionary is not None:
            below = Array()
            self.dictionary.fill_array(below, root=False)
            array.dictionary = ctypes.pointer(below)
        kept = (children, pointers, parts, addresses, below)
        _finish(array, kept, _RELEASE["array"], _NOTHING_ARRAY, root=root)


def _finish(content, kept, release, nothing, *, root: bool) -> None:
    content.private_data = _keep(kept) if root else None
    content.release = release if root else nothing
    if not root:
        content.kept = kept  # with the Python object of the child, which its parent keeps


def _encoded(metadata: dict[bytes, bytes]):
    raw = struct.pack("=i", len(metadata))
    for pair in metadata.items():
        for text in pair:
            raw += struct.pack("=i", len(text)) + text
    return ctypes.create_string_buffer(raw, len(raw))


@dataclass
class Batches:
    """A stream of arrays of one type; with `error`, it fails behind the last of them."""

    parts: list[Node]
    error: str | None = None
    type: Node | None = None

    def __arrow_c_stream__(self, requested_schema=None):
        left = iter(self.parts)
        text = ctypes.create_string_buffer((self.error or "").encode())

        def get_schema(_, out):
            (self.type or self.parts[0]).fill_schema(out.contents)
            return 0

        def get_next(_, out):
            part = next(left, None)
            if part is not None:
                part.fill_array(out.contents)
            elif self.error is not None:
                return 5
            return 0

        def get_error(_):
            return ctypes.addressof(text)

        calls = GET_SCHEMA(get_schema), GET_NEXT(get_next), GET_ERROR(get_error)
        stream = Stream(*calls)
        stream.private_data = _keep(calls, text)
        stream.release = _RELEASE["stream"]
        return _capsule(stream, b"arrow_array_stream")


def bitmap(valid) -> bytes:
    """Validity, or booleans, as bits."""
    return np.packbits(np.asarray(valid, np.bool_), bitorder="little").tobytes()


def numbers(format_: str, kind: str, values, **given) -> Node:
    """A column of numbers."""
    return Node(format_, len(values), [None, np.array(values, kind)], **given)


def texts(values, **given) -> Node:
    """A column of texts, None where there is none."""
    raw = [(value or "").encode() for value in values]
    offsets = np.cumsum([0, *map(len, raw)]).astype(np.int32)
    valid = bitmap([value is not None for value in values])
    return Node("u", len(values), [valid, offsets, b"".join(raw)], **given)


def vectors(rows, kind: str = "f4", format_: str = "f", **given) -> Node:
    """A column of lists of a fixed length."""
    matrix = np.asarray(rows, kind)
    element = numbers(format_, kind, matrix.ravel(), name="item")
    return Node(f"+w:{matrix.shape[1]}", len(matrix), [None], [element], **given)


def table(**columns: Node) -> Node:
    """A table, as a struct."""
    for name, column in columns.items():
        column.name = name
    rows = min(column.length for column in columns.values())
    return Node("+s", rows, [None], list(columns.values()), null_count=0)
