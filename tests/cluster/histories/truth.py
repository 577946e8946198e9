"""What a sharded collection must hold and answer: an embedded collection with the same calls."""

from __future__ import annotations

import numpy as np

import vdb
from support import kinds

DIM = 4
FIELDS = {"n": "int", "k": "keyword"}
KINDS = [
    kind
    for kind in kinds.KINDS
    if (kind.metric, kind.dtype)
    in {("l2", "float32"), ("ip", "float32"), ("cosine", "float16"), ("l1", "int8")}
]
IDS = 24  # few, so that histories meet them again


class Truth:
    """An embedded collection, and the schema that both have."""

    def __init__(self, kind, index, text_ids):
        self.kind = kind
        self.index = index
        self.text_ids = text_ids
        self._db = vdb.temporary()
        self.collection = self._db.create_collection("docs", **self.options())

    def options(self):
        """The arguments of `create_collection`."""
        return {
            "dim": DIM,
            "metric": self.kind.metric,
            "dtype": self.kind.dtype,
            "index": self.index,
            "fields": FIELDS,
        }

    def id_of(self, number):
        """One of the ids; of texts some sort otherwise by bytes than by letters."""
        return f"{'aäAz'[number % 4]}{number}" if self.text_ids else number * 1_000_003 - 5

    def ids(self, numbers):
        """Several ids."""
        return [self.id_of(number) for number in numbers]

    def vectors(self, seed, count):
        """Vectors of small numbers, so that ties come up."""
        return list(self.kind.stored(_rows(seed, count)))

    def queries(self, seed, count):
        """Queries, among which are vectors of records."""
        return self.kind.queries(_rows(seed, count))

    @staticmethod
    def payloads(seed, count):
        """Payloads with declared fields and one that is not declared."""
        return [
            {"n": (seed + i) % 5, "k": "xyz"[(seed + i) % 3], "seed": seed} for i in range(count)
        ]

    def rebuild(self, metric):
        """Another metric."""
        self.kind = kinds.Kind(metric, self.kind.dtype)
        self.collection.rebuild(metric=metric)
        self.collection = self._db.collection("docs")

    def __len__(self):
        return len(self.collection)

    def records(self):
        """All records, by id, comparable."""
        return records_of(self.collection.scan())

    def close(self):
        """Lets the database go."""
        self._db.close()


def _rows(seed, count):
    rows = np.random.default_rng(seed).integers(-2, 3, (count, DIM)).astype(np.float64)
    rows[~rows.any(axis=1), 0] = 1.0  # no zeros: cosine refuses them
    return rows


def records_of(records):
    """Records as comparable values, by id."""
    listed = [(one.id, (np.asarray(one.vector).tobytes(), one.payload)) for one in records]
    by_id = dict(listed)
    assert len(by_id) == len(listed), "an id comes twice"
    return by_id


def same_hits(one, other):
    """Hits are equal to the last bit."""
    assert list(one.ids) == list(other.ids)
    for name in ("values", "scores"):
        left, right = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
        assert left.tobytes() == right.tobytes(), name
    assert [hit.payload for hit in one] == [hit.payload for hit in other]
    assert (one.metric, one.direction) == (other.metric, other.direction)
