"""The header of a damaged collection, taken over field by field.

Fields that a collection needs must be valid; those that only describe it are dropped where they
are not.
"""

from __future__ import annotations

import time
from typing import Any

from vdb.errors import CorruptedError
from vdb.model.version import __version__
from vdb.store import Snapshot
from vdb.store.format import keys
from vdb.store.format.headers import OPTIONAL_FIELDS, CollectionHeader
from vdb.store.format.limits import MOST_SLOTS
from vdb.store.format.optional_fields import without_defaults
from vdb.store.format.packing import pack, unpack

__all__ = ["salvage_header"]

_NEEDED: tuple[tuple[str, ...], ...] = (("dim", "metric", "dtype"), ("generation",))
_DESCRIBING: tuple[tuple[str, ...], ...] = (
    ("created",),
    ("version",),
    ("scores",),
    ("model",),
    ("history",),
    ("next_generation",),
    ("embeddings",),
    ("building", "kept", "leaving"),
    ("fields", "next_field"),
    ("bare",),
)


def salvage_header(
    reader: Snapshot, number: int, name: str
) -> tuple[CollectionHeader, tuple[str, ...]]:
    """A valid header, and the fields that were dropped from it, in words.

    Counts and slots are not taken over: all slots in the file are looked at.

    Raises:
        CorruptedError: A field that is needed is not valid.
    """
    where = f"key 10 (header of collection {number})"
    stored = unpack(reader.sealed(keys.collection(number)), where)
    if type(stored) is not dict:
        raise CorruptedError("not a record", where=where)
    best = _plain(name, number).as_stored()
    best["id_kind"] = stored.get("id_kind")
    if stored.get("dim") == 0:  # no record has a vector, and perhaps there is none
        records = 0 if stored.get("bare") is None else MOST_SLOTS
        best |= {"slots": records, "count": records, "bare": records or None}
    for group in _NEEDED:
        best |= {field: stored.get(field) for field in group}
        if group == ("generation",):
            generation = best["generation"]
            best["next_generation"] = generation + 1 if type(generation) is int else None
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
    """A header without any facts, for as many records as there can be."""
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
    body = pack(without_defaults(fields, OPTIONAL_FIELDS))
    return CollectionHeader.decode(body, number)
