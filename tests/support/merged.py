"""Records in one collection, and the same ones spread over several, asked the same questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import vdb
from support.kinds import Kind
from vdb.cluster.merging import columns_of, merge
from vdb.model.hits import ManyHits

SHARDS = 3
DIM = 8
RECORDS = 90

FILTERS = (None, {"color": "red"}, {"n": {"$lt": 7}}, {"n": {"$gte": 1_000}})


class Merged:
    """Random records with many ties, all in one collection, and split over `SHARDS`."""

    def __init__(self, kind: Kind, ids: str, seed: int) -> None:
        rng = np.random.default_rng([seed, ids == "str"])
        self.kind = kind
        self._db = vdb.temporary()
        floats = rng.integers(-2, 3, size=(RECORDS, DIM)).astype(np.float64)
        floats[floats.any(axis=1) == 0] = 1
        floats[rng.permutation(RECORDS)[:30]] = floats[0]  # equal records, among which k cuts
        rows = kind.stored(floats)
        numbers = rng.permutation(10 * RECORDS)[:RECORDS] - 300
        words = ("a", "\u00e4", "\uffff", "\U0001f600", "Z", "aa")
        names = [f"{words[i % len(words)]}{number}" for i, number in enumerate(numbers.tolist())]
        own: Any = numbers if ids == "int" else np.array(names, dtype=object)
        payloads = [{"n": i % 13, "color": ("red", "green")[i % 2]} for i in range(RECORDS)]
        options = {"dim": DIM, "metric": kind.metric, "dtype": kind.dtype, "index": vdb.Flat()}
        self.whole = self._db.create_collection("whole", **options)
        self.whole.add(own, rows, payloads)
        self.parts = [self._db.create_collection(f"part-{i}", **options) for i in range(SHARDS)]
        owner = rng.integers(0, SHARDS, size=RECORDS)
        if seed % 4 == 3:
            owner %= 2  # one shard is empty
        for number, part in enumerate(self.parts):
            mine = np.flatnonzero(owner == number)
            if len(mine):
                part.add(own[mine], rows[mine], [payloads[i] for i in mine.tolist()])
        made = rng.integers(-2, 3, size=(6, DIM)).astype(np.float64)
        made[made.any(axis=1) == 0] = 2
        made[0] = floats[0]
        self.queries = kind.queries(made)
        self.zero = np.zeros_like(self.queries[:2])

    def close(self) -> None:
        assert not self._db.check()
        self._db.close()

    def differences(self, convention: str, seed: int) -> tuple[int, list[str]]:
        """How many queries were compared, and what differs."""
        rng = np.random.default_rng([seed, 7])
        compared, wrong = 0, []
        for queries in (self.queries, self.zero):
            for options in self._options(rng, convention):
                try:
                    expected = self.whole.search_many(queries, **options)
                except vdb.InvalidVectorError:
                    continue  # zero queries are refused
                got = self.merged(queries, options)
                compared += len(expected)
                wrong += [
                    f"{self.kind} {options} query {i}"
                    for i in range(len(expected))
                    if not same(got, expected, i)
                ]
        return compared, wrong

    def merged(self, queries: Any, options: dict[str, Any]) -> ManyHits:
        """The hits of all parts, merged."""
        options = dict(options)
        k, offset = options.pop("k"), options.pop("offset", 0)
        wide = None if k is None else k + offset
        answers = [part.search_many(queries, wide, **options) for part in self.parts]
        return merge(
            [(part.name, columns_of(hits)) for part, hits in zip(self.parts, answers, strict=True)],
            k,
            offset,
        )

    def _options(self, rng: np.random.Generator, convention: str) -> Iterator[dict[str, Any]]:
        where = FILTERS[int(rng.integers(len(FILTERS)))]
        common = {"scores": convention, "where": where}
        yield {"k": int(rng.integers(1, 40)), **common}
        yield {
            "k": int(rng.integers(1, 9)),
            "offset": int(rng.integers(1, 50)),
            "with_vectors": True,
            **common,
        }
        try:
            scores = self.whole.search_many(self.queries, 40, scores=convention).scores
        except vdb.InvalidVectorError:
            return
        threshold = float(scores.flat[int(rng.integers(scores.size))])
        if np.isfinite(threshold):
            for k in (None, 12):
                options = {"k": k, "threshold": threshold, **common}
                try:
                    self.whole.search_many(self.queries[:1], **options)
                except vdb.InvalidArgumentError:
                    continue  # the engine takes no such bound
                yield options


def same(got: ManyHits, expected: ManyHits, query: int) -> bool:
    """Whether the hits of a query are the same to the last bit, with payloads and vectors."""
    one, other = got[query], expected[query]
    return (
        one.ids.tolist() == other.ids.tolist()
        and one.scores.dtype == other.scores.dtype
        and one.scores.tobytes() == other.scores.tobytes()
        and one.values.tobytes() == other.values.tobytes()
        and one.payloads == other.payloads
        and (one.metric, one.convention, one.direction)
        == (other.metric, other.convention, other.direction)
        and (one.vectors is None) == (other.vectors is None)
        and (one.vectors is None or one.vectors.tobytes() == other.vectors.tobytes())
    )
