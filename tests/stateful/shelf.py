"""What a collection should hold, as a dictionary, and what it should answer, by brute force."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import strategies as st

import vdb
from support import oracle, strategies
from vdb.lexical import analyzer
from vdb.model.filters import parse
from vdb.model.filters.evaluate import predicate
from vdb.model.filters.paths import MISSING, find, names_of
from vdb.model.filters.type_check import typed
from vdb.model.filters.values import moment

DIMS = (8, 16)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {"int": int, "keyword": str, "bool": bool}


class Shelf:
    """The expected content of one collection."""

    def __init__(self, kind, text_ids, dim, index, fields=None, *, optional=False, is_open=False):
        self.kind = kind
        self.metric, self.dtype = kind
        self.dim = dim
        self.text_ids = text_ids
        self.index = index
        self.fields = dict(fields or {})
        self.is_open = is_open  # whether no vector has said the dimension yet
        self.optional = optional  # whether records may have no vector
        self.kept = None  # a generation with other vectors to which a rollback leads
        self.rows = {}  # id -> (vector as stored or None, payload)

    def options(self):
        return {
            "dim": "auto" if self.is_open else self.dim,
            "metric": self.metric,
            "dtype": self.dtype,
            "index": self.index,
            "fields": self.fields,
            "optional_vectors": self.optional,
        }

    def ids(self):
        """All ids in the order that walks give them in."""
        return sorted(self.rows, key=str.encode) if self.text_ids else sorted(self.rows)

    def vectors(self, *, zero=True):
        return strategies.vectors(self.kind, self.dim, zero=zero)

    def written(self):
        """What a record is written with: a vector, or none where it need not have one."""
        return self.vectors() | st.none() if self.optional else self.vectors()

    def full(self, ids=None):
        """The ids, of all or of these records, that have a vector: all that searches find."""
        return [i for i in (self.ids() if ids is None else ids) if self.rows[i][0] is not None]

    def stored(self):
        """All vectors."""
        return [vector for vector, _ in self.rows.values() if vector is not None]

    def crowd(self, seed, count, start):
        """Many clustered vectors and payloads under ids of their own."""
        random = np.random.default_rng(seed)
        centres = random.normal(size=(8, self.dim))
        rows = centres[random.integers(0, 8, count)] + random.normal(size=(count, self.dim)) / 2
        numbers = [5_000 + start * 1_000 + i for i in range(count)]
        ids = [f"crowd {i}" for i in numbers] if self.text_ids else numbers
        payloads = [{"i": i % 7, "k": "ab"[i % 2], "x": [i % 3]} for i in range(count)]
        return ids, list(self.kind.stored(rows)), payloads

    @property
    def known_dim(self):
        """What the collection says its dimension is."""
        return None if self.is_open else self.dim

    def put(self, ids, vectors, payloads):
        self.is_open &= all(vector is None for vector in vectors)
        self.rows |= dict(zip(ids, zip(vectors, payloads, strict=True), strict=True))

    # What is expected of payloads and filters

    @property
    def value_fields(self):
        """The declared fields but for those of texts."""
        return {path: kind for path, kind in self.fields.items() if kind != "text"}

    @property
    def text_fields(self):
        """The text fields."""
        return sorted(path for path, kind in self.fields.items() if kind == "text")

    def takes(self, payloads):
        """Whether all payloads fit the declared fields."""
        return all(
            self.fits(path, kind, one) for path, kind in self.fields.items() for one in payloads
        )

    @staticmethod
    def fits(path, kind, payload):
        value = find(payload, names_of(path))
        if value is MISSING or value is None:
            return True
        if kind == "text":
            return all(type(one) is str for one in (value if type(value) is list else [value]))
        if kind.endswith("[]"):
            return type(value) is list and all(_is(kind[:-2], element) for element in value)
        return _is(kind, value)

    def passing(self, where):
        """The ids of the records that pass a filter; raises InvalidFilterError as vdb should."""
        if where is None:
            return self.ids()
        test = predicate(typed(parse(where), self.value_fields))
        return [i for i in self.ids() if test(self.rows[i][1])]

    def counted(self, path, ids):
        """The values of a declared field in these records, each with its count, rising."""
        kind = self.fields[path]
        counts = Counter()
        for i in ids:
            value = find(self.rows[i][1], names_of(path))
            own = {v for v in (value if type(value) is list else [value]) if _is(kind, v)}
            if kind.startswith("datetime"):
                own = {EPOCH + timedelta(microseconds=moment(v)) for v in own}
            counts.update(float(v) + 0.0 for v in own) if kind.startswith(
                "float"
            ) else counts.update(own)
        return sorted(counts.items())

    # What is expected of searches

    def texts(self, path):
        """The words of each text of a field, by id."""
        simple = analyzer("simple")
        values = {i: find(payload, names_of(path)) for i, (_, payload) in self.rows.items()}
        return {
            i: [word for text in ([value] if type(value) is str else value)
                for word in simple.terms(text) if word is not None]
            for i, value in values.items()
            if value is not MISSING and value is not None
        }  # fmt: skip

    def values(self, q, ids):
        """The natural values of these records."""
        rows = [self.rows[i][0] for i in ids]
        return oracle.values(self.metric, q, rows, self.dtype) if rows else np.empty(0)

    def ranked(self, q, ids):
        """(id, value) of these records, best first, equal values by id."""
        values = self.values(q, ids)
        keys = values if oracle.lower_is_closer(self.metric) else -values
        return [(ids[i], float(values[i])) for i in np.lexsort((np.arange(len(ids)), keys))]

    def holds(self, record):
        """Whether a record is, to the bit, what stands here."""
        vector, payload = self.rows[record.id]
        if repr(record.payload) != repr(payload):
            return False
        if vector is None or record.vector is None:
            return vector is record.vector
        return record.vector.dtype == vector.dtype and record.vector.tobytes() == vector.tobytes()

    def compare(self, docs):
        """A collection, or one of a snapshot, holds exactly this."""
        ids = self.ids()
        assert len(docs) == docs.count() == len(ids)
        records = list(docs.scan())
        assert [record.id for record in records] == ids == list(docs.ids())
        assert all(self.holds(record) for record in records)

    def near(self, found):
        """These values, up to rounding."""
        return pytest.approx(found, rel=1e-9, abs=1e-9)


def _is(base, value):
    """Whether a value is of a declared type, or an element of a list is."""
    base = base.removesuffix("[]")
    if value is MISSING or value is None:
        return False
    if base == "float":
        return type(value) is float or (type(value) is int and float(value) == value)
    if base == "datetime":
        return type(value) is str and moment(value) is not None
    return type(value) is _KINDS[base]


def in_order(hits, direction_of_value):
    """Hits are unique, and stand by score, equal scores by value, equal values by id."""
    assert len(set(hits.ids.tolist())) == len(hits)
    scores = hits.scores if hits.direction == "lower" else -hits.scores
    values = hits.values if direction_of_value == "lower" else -hits.values
    keys = list(zip(scores.tolist(), values.tolist(), hits.ids.tolist(), strict=True))
    assert keys == sorted(keys)


def refused(where, shelf):
    """Whether a filter is to be refused with InvalidFilterError."""
    try:
        typed(parse(where), shelf.value_fields)
    except vdb.InvalidFilterError:
        return True
    return False
