"""The header of a collection of which some fields hold what they cannot, for a repair.

A header under a right checksum is believed field by field: what a collection cannot do without must
hold, what only describes it is given up where it does not.
"""

from __future__ import annotations

import time
from typing import Any

from vdb.errors import CorruptedError
from vdb.model.version import __version__
from vdb.store import Snapshot
from vdb.store.format import keys
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import MOST_SLOTS
from vdb.store.format.packing import as_map, pack, unpack

__all__ = ["mended_header"]

_NEEDED: tuple[tuple[str, ...], ...] = (("dim", "metric", "dtype"), ("generation",))
_DESCRIBING: tuple[tuple[str, ...], ...] = (
    ("created",),
    ("version",),
    ("scores",),
    ("model",),
    ("history",),
    ("next_generation",),
    ("building", "kept", "leaving"),
    ("fields", "next_field"),
)


def mended_header(
    reader: Snapshot, number: int, name: str
) -> tuple[CollectionHeader, tuple[str, ...]]:
    """A header that can be decoded, and what was given up for it, in words.

    Counts and slots are not taken over: as many slots are looked at as there are.

    Raises:
        CorruptedError: What is needed of it cannot be told.
    """
    where = f"key 10 (header of collection {number})"
    stored = unpack(reader.sealed(keys.collection(number)), where)
    if type(stored) is not dict:
        raise CorruptedError("not a record", where=where)
    best = as_map(_plain(name, number))
    best["id_kind"] = stored.get("id_kind")
    for group in _NEEDED:
        best |= {field: stored.get(field) for field in group}
        if group == ("generation",):
            given = best["generation"]
            best["next_generation"] = given + 1 if type(given) is int else None
        _decoded(best, number)
    notes = []
    for group in _DESCRIBING:
        trial = best | {field: stored.get(field) for field in group}
        try:
            _decoded(trial, number)
        except CorruptedError:
            notes.append(f"{' and '.join(group)} could not be read, and start anew")
        else:
            best = trial
    return _decoded(best, number), tuple(notes)


def _plain(name: str, number: int) -> CollectionHeader:
    """A header that says nothing but that there may be any number of records."""
    return CollectionHeader(
        name=name,
        number=number,
        dim=1,
        metric="l2",
        dtype="float32",
        scores="native",
        model=None,
        created=time.time(),
        version=__version__,
        slots=MOST_SLOTS,
        count=MOST_SLOTS,
    )


def _decoded(fields: dict[str, Any], number: int) -> CollectionHeader:
    return CollectionHeader.decode(pack(fields), number)
