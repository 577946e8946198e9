"""What formats require of a collection is refused with what they take and the way out."""

import numpy as np
import pytest

import vdb
from exports.collections import fill
from vdb.api.exporting.moment import content_at
from vdb.exports.writing import requirements


def content_of(collection, where=None):
    """As the call `Collection.export` makes it."""
    reader = collection._access
    return content_at(reader, collection._view, where=where, progress=None)


def test_a_metric_or_a_dtype_of_others_is_refused_with_those_there_are(db):
    content = content_of(fill(db, metric="l1"))
    requirements.require_metric(content, "x", ("l1", "l2"))
    requirements.require_dtype(content, "x", ("float32",))
    with pytest.raises(vdb.InvalidArgumentError, match="x takes the metric l2 or ip; docs has l1"):
        requirements.require_metric(content, "x", ("l2", "ip"))
    with pytest.raises(vdb.InvalidArgumentError, match="dtype int8 or bit; docs has float32"):
        requirements.require_dtype(content, "x", ("int8", "bit"))


def test_the_dimension_is_known_and_not_too_large(db):
    content = content_of(fill(db))
    assert requirements.required_dim(content, "x") == 16
    assert requirements.required_dim(content, "x", 16) == 16
    with pytest.raises(vdb.InvalidArgumentError, match="at most 15 dimensions; docs has 16"):
        requirements.required_dim(content, "x", 15)
    db.create_collection("open", dim="auto", metric="l2")
    with pytest.raises(vdb.InvalidArgumentError, match="that of open is open until its first"):
        requirements.required_dim(content_of(db.collection("open")), "x")


def test_records_without_a_vector_are_refused_or_left_out_and_counted(db):
    content = content_of(fill(db, bare=(0, 3, 39)))
    with pytest.raises(vdb.InvalidArgumentError, match=r"docs has 3: .*missing=left-out"):
        requirements.left_out(content, "x")
    notes = requirements.left_out(content, "x", "left-out")
    assert notes == ("3 records without a vector are left out",)
    batches = list(requirements.with_vectors(content, 4))
    assert [batch.start for batch in batches] == [0, 2, 6, 10, 14, 18, 22, 26, 30, 34]
    assert all(batch.missing is None and len(batch) == len(batch.vectors) for batch in batches)
    ids = [one for batch in batches for one in batch.ids]
    assert ids == [f"doc {row:03}" for row in range(40) if row not in (0, 3, 39)]
    rows = np.concatenate([batch.vectors for batch in batches])
    docs = db.collection("docs")
    assert np.array_equal(rows, np.stack([docs.get(one).vector for one in ids]))
    payloads = [one for batch in batches for one in batch.payloads]
    assert payloads == [docs.get(one).payload for one in ids]
    one = content_of(docs, where={"n": {"$eq": 1}})
    assert requirements.left_out(one, "x", "left-out") == ("1 record without a vector is left out",)
    assert requirements.left_out(content_of(fill(db, "all")), "x") == ()


def test_texts_and_ints_below_the_least_are_refused_with_the_way_out(db):
    texts, ints = content_of(fill(db)), content_of(fill(db, "ints", ids="int"))
    with pytest.raises(vdb.InvalidArgumentError, match=r"texts: .*ids=row"):
        requirements.int_ids(texts, "x")
    with pytest.raises(vdb.InvalidArgumentError, match="ids from 0 on, and ints has -5"):
        requirements.int_ids(ints, "x", least=0)
    assert requirements.int_ids(ints, "x") and requirements.int_ids(ints, "x", least=-5)
    assert not requirements.int_ids(texts, "x", "row")
    assert not requirements.int_ids(ints, "x", "row", least=0)
    empty = db.create_collection("empty", dim=2, metric="l2")
    assert requirements.int_ids(content_of(empty), "x", least=0)


def test_payloads_are_looked_for(db):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add([1, 2], np.ones((2, 2)))
    assert not requirements.has_payloads(content_of(docs))
    docs.add([3], [[1, 2]], [{}])
    assert requirements.has_payloads(content_of(docs))
