"""Two writers on one database, and what it holds after so many batches of each.

Every batch of a writer rewrites some of the records that it keeps, adds some and deletes those that
it added some batches ago; a counter of all batches goes with it. So a reader of a moment can say
what else there must be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import vdb

WRITERS = (1, 2)
MILLION = 1_000_000
"""Ids of a writer begin with so many times its number; those that it adds, with half more."""
AT_ONCE = 8
ADDED = 2
LASTING = 20
"""Batches for which added records stay."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is written.

    Attributes:
        seed: What everything is drawn from.
        kept: Records that each writer keeps; a multiple of `AT_ONCE`.
        dim: Length of the vectors.
    """

    seed: int
    kept: int
    dim: int

    def make(self, db: vdb.Database) -> None:
        """The collections, as they are before the first batch."""
        index = vdb.HNSW(M=8, ef_construction=48)
        docs = db.create_collection(
            "docs", dim=self.dim, metric="l2", index=index, fields={"batch": "int"}
        )
        ids = [MILLION * writer + i for writer in WRITERS for i in range(self.kept)]
        docs.add(ids, self.vectors(ids, 0), [self.payload(i, 0) for i in ids])
        log = db.create_collection("log", dim=1, metric="l2", index=vdb.Flat())
        log.add(["total", "writer 1", "writer 2"], np.zeros((3, 1)), [0, 0, 0])

    def vectors(self, ids: list[int], batch: int) -> NDArray[np.float32]:
        """What a batch gives to records; float16 holds it too."""
        drawn = [np.random.default_rng([self.seed, i, batch]).normal(size=self.dim) for i in ids]
        return np.asarray(drawn, dtype=np.float16).astype(np.float32)

    def payload(self, record: int, batch: int) -> dict[str, object]:
        """Likewise; some are longer than a page."""
        length = (record * 31 + batch * 97) % 600
        return {"batch": batch, "text": "x" * (length * 50 if length < 6 else length)}

    def rewritten(self, writer: int, batch: int) -> list[int]:
        """Records that a batch rewrites."""
        first = batch * AT_ONCE % self.kept
        return [MILLION * writer + first + i for i in range(AT_ONCE)]

    def added(self, writer: int, batch: int) -> list[int]:
        """Records that a batch adds."""
        if batch < 1:
            return []
        first = MILLION * writer + MILLION // 2 + batch * ADDED % (MILLION // 2)
        return [first + i for i in range(ADDED)]

    def write(self, db: vdb.Database, writer: int) -> int:
        """The next batch of a writer; its number."""
        docs, log = db.collection("docs"), db.collection("log")
        batch = log.get(f"writer {writer}").payload + 1
        ids = self.rewritten(writer, batch) + self.added(writer, batch)
        vectors, payloads = self.vectors(ids, batch), [self.payload(i, batch) for i in ids]
        with db.batch():
            docs.delete(self.added(writer, batch - LASTING))
            docs.upsert(ids, vectors, payloads, threads=1)
            log.set_payloads(f"writer {writer}", batch)
            log.set_payloads("total", log.get("total").payload + 1)
        return batch

    def written(self, record: int, batches: dict[int, int]) -> int:
        """The batch that wrote a record, of those up to `batches` of each writer."""
        writer, offset = divmod(record, MILLION)
        last = batches[writer]
        if offset >= MILLION // 2:
            batch = (offset - MILLION // 2) // ADDED
            return batch + (last - batch) // (MILLION // 2 // ADDED) * (MILLION // 2 // ADDED)
        newest = last - (last - offset // AT_ONCE) % (self.kept // AT_ONCE)
        return max(0, newest)

    def ids(self, batches: dict[int, int]) -> Iterator[int]:
        """Records there are, in order."""
        for writer in WRITERS:
            yield from range(MILLION * writer, MILLION * writer + self.kept)
            last = batches[writer]
            for batch in range(last - LASTING + 1, last + 1):
                yield from self.added(writer, batch)


Moment = vdb.Database | vdb.Snapshot


def batches_at(moment: Moment) -> dict[int, int]:
    """How many batches of each writer a moment shows; ValueError where it shows half of one."""
    log = moment.collection("log")
    total, *last = (record.payload for record in log.get(["total", "writer 1", "writer 2"]))
    if total != sum(last):
        raise ValueError(f"{total} batches in all, and of the writers {last}")
    return dict(zip(WRITERS, last, strict=True))


def fault(moment: Moment, traffic: Traffic, some: list[int] | None = None) -> str | None:
    """What is wrong with what a moment shows, in all records or in those at `some` places."""
    try:
        batches = batches_at(moment)
    except ValueError as error:
        return str(error)
    docs = moment.collection("docs")
    expected = ids = list(traffic.ids(batches))
    if len(docs) != len(ids) or (some is None and list(docs.ids()) != ids):
        return f"not the records of {batches}"
    if some is not None:
        expected = [ids[place % len(ids)] for place in some]
    for record_id, record in zip(expected, docs.get(expected), strict=True):
        batch = traffic.written(record_id, batches)
        if record is None or record.payload != traffic.payload(record_id, batch):
            return f"record {record_id} is not what batch {batch} wrote"
        if not np.array_equal(record.vector, traffic.vectors([record_id], batch)[0]):
            return f"the vector of record {record_id} is not what batch {batch} wrote"
    return None
