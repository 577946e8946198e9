"""What a file can claim: every field of every kind of record, with every hostile value.

A forgery is made in a closed file and sealed as the writer seals it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import lmdb
import msgpack  # type: ignore[import-untyped]  # ships no types

from support.damages.broken import Damage, break_it
from vdb.store.format import blocks, generation, headers, keys
from vdb.store.format.checksums import UNSALTED
from vdb.store.format.keys import KeyKind

__all__ = ["Forgery", "all_forgeries"]

VALUES: dict[str, Any] = {
    "0": 0,
    "1": 1,
    "-1": -1,
    "7": 7,
    "4096": 4096,
    "2^31-2": 2**31 - 2,
    "2^31": 2**31,
    "2^32-1": 2**32 - 1,
    "2^63-1": 2**63 - 1,
    "2^64-1": 2**64 - 1,
    "-2^63": -(2**63),
    "True": True,
    "nil": None,
    "0.0": 0.0,
    "-1.0": -1.0,
    "1e300": 1e300,
    "-1e18": -1e18,
    "nan": float("nan"),
    "inf": float("inf"),
    "''": "",
    "word": "word",
    "control": "\x1b]0;x\x07\x1b[31m\u202e\n",
    "long": "x" * 70_000,
    "names": "a.b.c.d",
    "bytes": b"\xff" * 16,
    "[]": [],
    "[0]*9": [0] * 9,
    "[2^31]": [2**31 - 3],
    "many": [1] * 70_000,
    "{}": {},
    "{1: 2}": {1: 2},
    "deep": [[[[[[[[]]]]]]]],
}

WORDS = ("l2", "ip", "cosine", "dot", "l1", "hamming", "float32", "float16", "int8", "bit", "int4")
"""Words that some field may hold, put where another one stands."""

NUMBERS = {size: (0, 1, 7, 1 << (8 * size - 1), (1 << (8 * size)) - 1) for size in (1, 2, 4, 8)}

HEADER = {
    "magic": (0, 4), "kind": (4, 1), "level": (5, 1), "layout": (6, 2), "collection": (8, 4),
    "generation": (12, 4), "number": (16, 4), "row_size": (20, 4), "rows": (24, 4),
    "count": (28, 4), "commit": (32, 8), "reserved": (44, 4), "a row": (48, 4),
    "a later word": (52, 4),
}  # fmt: skip
LEAF = {"terms": 0, "slots": 2, "shared": 4, "length": 6, "single": 8}
BODIES = {
    "empty": b"",
    "id of 2^64-1": b"\xcf" + b"\xff" * 8,
    "id of another kind": b"\xa3abc",
    "long id": b"\xda\x01\x91" + b"a" * 401,
    "id with NUL": b"\xa1\0",
    "id alone": b"\x05",
    "claims of a list": b"\x05" + b"\xdd\x7f\xff\xff\xff" * 700,
    "deep": b"\x05" + b"\x91" * 900 + b"\xc0",
    "not finite": b"\x05\xcb\x7f\xf0" + bytes(6),
    "bytes": b"\x05\xc4\x01a",
    "cut, of no length": b"\xc1\0\0\0\0\x05",
    "cut, of all lengths": b"\xc1\xff\xff\xff\xff\x05",
    "cut, of a megabyte": b"\xc1\0\0\x10\0\x05",
    "no msgpack": b"\xc1",
}


PARTS = {"empty": b"", "ones": b"\xff" * 1024, "long": bytes(4072)}

NORMS = (-2.0, -1.0, -3.0, 0.0, float("nan"))
"""Numbers that say of a slot that it is bare, free, or nothing that there is."""

_OPTIONAL = {
    KeyKind.COLLECTION: headers.OPTIONAL_FIELDS,
    KeyKind.GENERATION: generation.OPTIONAL_FIELDS,
}
_MAPS = {KeyKind.COLLECTION, KeyKind.GENERATION, KeyKind.JOURNAL, KeyKind.DATABASE}
_MOVED = {KeyKind.NAME, KeyKind.CHANGE, KeyKind.PART, KeyKind.ID}


class Forgery(NamedTuple):
    """One claim: what it is called, and how it is put into a closed database."""

    name: str
    tell: Callable[[Damage], None]

    def put_into(self, place: Path) -> None:
        """Change the closed database in that directory."""
        break_it(place, self.tell)


def all_forgeries(place: Path) -> list[Forgery]:
    """Every forgery of this closed database, always in the same order."""
    with lmdb.open(str(place), lock=False, readonly=True, lib_version=0) as env, env.begin() as txn:
        damage = Damage(txn)
        with txn.cursor() as cursor:
            stored = [(bytes(key), bytes(value)) for key, value in cursor]
        return [
            forgery for key, value in _one_of_each(stored) for forgery in _about(damage, key, value)
        ]


def _one_of_each(stored: list[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """One key of each kind, collection, generation and table."""
    seen = set()
    for key, value in stored:
        place = keys.decode(key)
        kind = (place.kind, place.collection, place.generation, place.block_kind, place.field)
        if kind not in seen:
            seen.add(kind)
            yield key, value


def _about(damage: Damage, key: bytes, value: bytes) -> Iterator[Forgery]:
    kind = keys.decode(key).kind
    if kind in _MAPS:
        seal = UNSALTED if kind is KeyKind.DATABASE else damage.seal
        yield from _maps(key, seal.unwrap(key, value))
    elif kind is KeyKind.BLOCK:
        yield from _numbers(key)
        yield from _norms(key, value)
    elif kind is KeyKind.POSTINGS:
        yield from _leaves(key, damage.seal.unwrap(key, value))
    elif kind is KeyKind.ID:
        for number in NUMBERS[4]:
            raw = number.to_bytes(4, "little")
            yield Forgery(f"{keys.decode(key)}: {number}", lambda d, raw=raw: d.put(key, raw))
    else:
        for name, body in (BODIES if kind is KeyKind.RECORD else PARTS).items():
            yield Forgery(f"{keys.decode(key)}: {name}", _sealed(key, body))
    if kind in _MOVED:
        yield from _moved(key, value)


def _moved(key: bytes, value: bytes) -> Iterator[Forgery]:
    """The same under another key of its kind, with a seal that is right there."""
    for name, other in {
        "ones": key[:5] + b"\xff" * (len(key) - 5),
        "control": key[:1] + b"\x1b[31m\n" if key[0] == KeyKind.NAME else key[:5] + b"\x1b[31m\0",
    }.items():

        def tell(d: Damage, other: bytes = other) -> None:
            sealed = key[0] != KeyKind.ID
            d.put(other, d.seal.wrap(other, d.seal.unwrap(key, value)) if sealed else value)

        yield Forgery(f"{keys.decode(key)} moved to {name}", tell)


def _maps(key: bytes, body: bytes) -> Iterator[Forgery]:
    whole = msgpack.unpackb(body, strict_map_key=False)
    for path, honest in _places(whole):
        values = dict(VALUES)
        if isinstance(honest, str):
            values |= {word: word for word in WORDS}
        elif type(honest) is int:
            values |= {f"{honest}+1": honest + 1, f"{honest}*2": honest * 2}
        for name, value in values.items():
            if type(value) is type(honest) and value == honest:
                continue
            packed = msgpack.packb(_changed(whole, path, value))
            where = ".".join(map(str, path))
            yield Forgery(f"{keys.decode(key)} {where}: {name}", _sealed(key, packed))
    for name in _OPTIONAL.get(KeyKind(key[0]), {}).keys() - whole.keys():
        for label, value in VALUES.items():
            packed = msgpack.packb(whole | {name: value})
            yield Forgery(f"{keys.decode(key)} with {name}: {label}", _sealed(key, packed))
    yield Forgery(f"{keys.decode(key)}: no map", _sealed(key, b"\x93\x01\x02\x03"))
    yield Forgery(f"{keys.decode(key)}: claims", _sealed(key, b"\xdf\xff\xff\xff\xff" * 9))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """All places in a value, and what stands there; of lists the last item."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*path, name))
    elif isinstance(value, list) and value:
        yield from _places(value[-1], (*path, -1))


def _changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _changed(value[path[0]], path[1:], new)
    return copy


def _sealed(key: bytes, body: bytes) -> Callable[[Damage], None]:
    def tell(d: Damage) -> None:
        seal = UNSALTED if key == keys.DATABASE else d.seal
        d.put(key, seal.wrap(key, body))

    return tell


def _numbers(key: bytes) -> Iterator[Forgery]:
    for field, (at, size) in HEADER.items():
        for number in NUMBERS[size]:
            raw = number.to_bytes(size, "little")
            yield Forgery(
                f"{keys.decode(key)} {field}: {number}",
                lambda d, at=at, raw=raw: d.change_block(key, at, raw),
            )


def _norms(key: bytes, value: bytes) -> Iterator[Forgery]:
    """Of the first slots of a block of vectors."""
    if keys.decode(key).block_kind != blocks.VECTORS:
        return
    header = blocks.BlockHeader.decode(value, "")
    first = blocks.HEADER_SIZE + header.row_size * header.rows
    for slot in range(5):
        for norm in NORMS:
            raw = struct.pack("<f", norm)
            yield Forgery(
                f"{keys.decode(key)} norm of {slot}: {norm}",
                lambda d, at=first + 4 * slot, raw=raw: d.change_block(key, at, raw),
            )


def _leaves(key: bytes, body: bytes) -> Iterator[Forgery]:
    for field, at in LEAF.items():
        for number in NUMBERS[2]:
            changed = body[:at] + struct.pack("<H", number) + body[at + 2 :]
            yield Forgery(f"{keys.decode(key)} {field}: {number}", _sealed(key, changed))
    yield Forgery(
        f"{keys.decode(key)}: slots of ones", _sealed(key, body[:10] + b"\xff" * (len(body) - 10))
    )
