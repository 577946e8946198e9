"""Leaves: the postings of a field, cut into pieces of at most one small block.

A *posting* is a term followed by the slot (u32, big-endian) of a record that has it. The postings
of a field, sorted, are cut into leaves. The key of a leaf ends with its *bound*, which no posting
in it exceeds and every posting behind it does: the last one it had when it was cut off, or `LAST`.

::

    terms    u16   n, how many different ones
    slots    u16   m, how many postings
    shared   u16   s, bytes that all terms begin with
    length   u16   bytes of each term behind those; FFFF where they differ
    single   u16   1: every term has one slot; 0: `counts` follow
    lengths  u16 * n, only where they differ
    counts   u16 * n, only where not single: slots of each term
    slots    u32 * m, term by term, rising
    bytes          the s shared ones, then of each term the rest

All numbers little-endian. A leaf is sealed, and never empty.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.model import pauses
from vdb.store.format.keys import LONGEST_BOUND

__all__ = ["LAST", "Leaf", "cut", "encode", "posting"]

LAST = b"\xff"
"""The bound of the last leaf of a field."""

SLOT_SIZE = 4
_HEADER = struct.Struct("<5H")
_DIFFER = 0xFFFF
_LONGEST_TERM = LONGEST_BOUND - SLOT_SIZE
_ASKED_BEFORE_LISTED = 4  # making a list of all terms costs about as much as so many searches


def posting(term: bytes, slot: int) -> bytes:
    """A posting as it is sorted."""
    return term + slot.to_bytes(SLOT_SIZE, "big")


def encode(postings: list[bytes]) -> bytes:
    """The body of a leaf that holds these, sorted and different; not sealed."""
    groups = [(term, len(list(same))) for term, same in groupby(p[:-SLOT_SIZE] for p in postings)]
    listed = [term for term, _ in groups]
    shared = _shared(listed[0], listed[-1])  # sorted: what these share all share
    lengths = {len(term) - shared for term in listed}
    single = len(listed) == len(postings)
    parts = [
        _HEADER.pack(
            len(listed),
            len(postings),
            shared,
            lengths.pop() if len(lengths) == 1 else _DIFFER,
            single,
        )
    ]
    if lengths:
        parts.append(np.array([len(term) - shared for term in listed], "<u2").tobytes())
    if not single:
        parts.append(np.array([count for _, count in groups], "<u2").tobytes())
    slots = np.frombuffer(b"".join(p[-SLOT_SIZE:] for p in postings), ">u4")
    parts.append(slots.astype("<u4").tobytes())
    parts.append(listed[0][:shared])
    parts.extend(term[shared:] for term in listed)
    return b"".join(parts)


def _shared(first: bytes, last: bytes) -> int:
    for at, (a, b) in enumerate(zip(first, last, strict=False)):
        if a != b:
            return at
    return min(len(first), len(last))


def cut(postings: list[bytes], room: int) -> list[tuple[list[bytes], bytes]]:
    """Sorted postings as leaves of at most `room` bytes each, with their bodies, about even."""
    if not postings:
        return []
    pauses.pace()
    if len(postings) <= room // SLOT_SIZE:
        body = encode(postings)
        if len(body) <= room:
            return [(postings, body)]
        pieces = 2
    else:
        pieces = len(postings) * SLOT_SIZE // room + 1
    step = -(-len(postings) // pieces)
    return [
        leaf
        for start in range(0, len(postings), step)
        for leaf in cut(postings[start : start + step], room)
    ]


class Leaf:
    """A stored leaf, taken apart as far as it is asked for.

    Raises:
        CorruptedError: It cannot be one.
    """

    __slots__ = (
        "_asked",
        "_body",
        "_known",
        "_rest",
        "_shared",
        "_terms",
        "_where",
        "slots",
        "term_count",
    )

    def __init__(self, body: bytes, where: str) -> None:
        self._body = body
        self._where = where
        if len(body) < _HEADER.size:
            raise CorruptedError(f"a leaf has at least {_HEADER.size} bytes", where=where)
        terms, slots, self._shared, length, single = _HEADER.unpack_from(body)
        start = _HEADER.size + 2 * terms * ((length == _DIFFER) + (single == 0))
        self._rest = start + SLOT_SIZE * slots
        self.term_count: int = terms
        if not (0 < terms <= slots and single <= 1) or self._rest > len(body):
            raise CorruptedError("a leaf's counts do not fit its length", where=where)
        # The common beginning of terms is copied for each of them.
        if self._shared + (0 if length == _DIFFER else length) > _LONGEST_TERM:
            raise CorruptedError(f"a leaf's terms are longer than {_LONGEST_TERM}", where=where)
        self._known: tuple[Sequence[int], Sequence[int]] | None = None
        self._terms: list[bytes] | None = None
        self._asked = 0
        self.slots: NDArray[np.uint32] = np.frombuffer(body, "<u4", slots, start)

    def _layout(self) -> tuple[Sequence[int], Sequence[int]]:
        """Where the rest of each term ends, and where its slots end; both begin with a start."""
        if self._known is not None:
            return self._known
        body, start = self._body, self._rest + self._shared
        terms, slots, _, length, single = _HEADER.unpack_from(body)
        at = _HEADER.size
        ends: Sequence[int]
        slot_ends: Sequence[int]
        if length == _DIFFER:
            lengths = np.frombuffer(body, "<u2", terms, at)
            ends = [start, *(np.cumsum(lengths, dtype=np.int64) + start).tolist()]
            at += 2 * terms
        else:
            end = start + length * terms
            ends = range(start, end + 1, length) if length else [start] * (terms + 1)
        if ends[-1] != len(body):
            raise CorruptedError("a leaf's terms do not fit its length", where=self._where)
        if single:
            slot_ends = range(terms + 1)
        else:
            counts = np.frombuffer(body, "<u2", terms, at)
            if not counts.all():
                raise CorruptedError("a leaf has a term without slots", where=self._where)
            slot_ends = [0, *np.cumsum(counts, dtype=np.int64).tolist()]
        if slot_ends[-1] != slots:
            raise CorruptedError("a leaf's counts do not add up", where=self._where)
        self._known = ends, slot_ends
        return self._known

    def between(self, low: bytes, high: bytes) -> NDArray[np.uint32]:
        """The slots of the terms from `low` on and below `high`."""
        return self.slots[self.place(low) : self.place(high)]

    def place(self, term: bytes) -> int:
        """Where in `slots` those of this term and of all behind it begin."""
        _, slot_ends = self._layout()
        if self._terms is None and self._asked < _ASKED_BEFORE_LISTED:
            self._asked += 1
            return slot_ends[bisect_left(range(len(slot_ends) - 1), term, key=self._term_at())]
        return slot_ends[bisect_left(self._listed(), term)]

    def terms(self) -> tuple[list[bytes], Sequence[int]]:
        """All terms in order, and where in `slots` those of each begin, and the last ones end."""
        return self._listed(), self._layout()[1]

    def _listed(self) -> list[bytes]:
        if self._terms is None:
            self._terms = list(map(self._term_at(), range(self.term_count)))
        return self._terms

    def _term_at(self) -> Callable[[int], bytes]:
        (ends, _), body = self._layout(), self._body
        shared = body[self._rest : self._rest + self._shared]
        return lambda i: shared + body[ends[i] : ends[i + 1]]

    def postings(self) -> list[bytes]:
        """All of them, in order."""
        ends, slot_ends = self._layout()
        body = self._body
        shared = body[self._rest : self._rest + self._shared]
        slots = self.slots.astype(">u4").tobytes()
        postings: list[bytes] = []
        for i, (start, end) in enumerate(pairwise(ends)):
            term = shared + body[start:end]
            postings.extend(
                term + slots[SLOT_SIZE * at : SLOT_SIZE * at + SLOT_SIZE]
                for at in range(slot_ends[i], slot_ends[i + 1])
            )
        if not all(a < b for a, b in pairwise(postings)):
            raise CorruptedError("a leaf is not in order", where=self._where)
        return postings
