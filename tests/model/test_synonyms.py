"""Words of other products are answered with ours."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import vdb
from vdb.model import synonyms

Q = np.ones(16)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda c, d: c.search(Q, limit=3), r"search\(\) has no parameter 'limit'.* mean 'k'\?"),
        (lambda c, d: c.search(Q, top_k=3), "'top_k'; did you mean 'k'?"),
        (lambda c, d: c.search(Q, 3, filter={"a": 1}), "'filter'; did you mean 'where'?"),
        (lambda c, d: c.search(Q, include=["vector"]), "'include'; did you mean 'with_payloads'?"),
        (lambda c, d: c.search(query_vector=Q), "'query_vector'; did you mean 'q'?"),
        (lambda c, d: c.search_many(queries=[Q]), "'queries'; did you mean 'Q'?"),
        (lambda c, d: c.search(Q, scors="native"), "'scors'; did you mean 'scores'?"),
        (lambda c, d: c.add([1], embeddings=[Q]), "'embeddings'; did you mean 'vectors'?"),
        (lambda c, d: c.upsert([1], [Q], metadatas=[{}]), "'metadatas'; did you mean 'payloads'?"),
        (lambda c, d: c.delete(filter={"a": 1}), "'filter'; did you mean 'where'?"),
        (lambda c, d: c.get(id=1), "'id'; did you mean 'ids'?"),
        (lambda c, d: c.scan(batch_size=1), "'batch_size'; there are where"),
        (lambda c, d: c.recall(n_jobs=1), "'n_jobs'; did you mean 'threads'?"),
        (lambda c, d: d.create_collection("x", dimension=3, metric="l2"), "did you mean 'dim'?"),
        (lambda c, d: d.create_collection("x", dim=3, distance="l2"), "did you mean 'metric'?"),
        (lambda c, d: c.search(Q, skip=3), r"has no parameter 'skip'; did you mean 'offset'\?"),
        (lambda c, d: c.search(Q, fetch_k=9), r"'fetch_k'; did you mean 'candidates'\?"),
        (lambda c, d: c.search(Q, group_size=2), r"'group_size'; did you mean 'per_group'\?"),
        (lambda c, d: c.scan(include=["a"]), r"'include'; did you mean 'columns'\?"),
        (lambda c, d: c.ids(top=3), r"'top'; did you mean 'limit'\?"),
        (lambda c, d: c.more_like(positive=[1]), r"'positive'; did you mean 'ids'\?"),
        (lambda c, d: c.more_like(1, negative=[1]), r"'negative'; did you mean 'not_like'\?"),
        (lambda c, d: c.add(1, Q, if_exists="skip"), r"did you mean 'on_duplicate'\?"),
        (lambda c, d: d.create_collection("x", dim=2, metric="l2", get_or_create=True), "exist_ok"),
        (lambda c, d: vdb.HNSW(m=16), r"HNSW\(\) has no parameter 'm'; did you mean 'M'\?"),
        (lambda c, d: vdb.HNSW(efConstruction=16), "did you mean 'ef_construction'?"),
        (lambda c, d: vdb.open("x", readonly=True), "did you mean 'read_only'?"),
        (lambda c, d: vdb.compare_metrics(c, Q, topk=3), "did you mean 'k'?"),
    ],
)
def test_a_parameter_is_answered_with_its_name_here(collection, db, call, text):
    with pytest.raises(
        vdb.ArgumentTypeError, match=text.replace("?", r"\?").replace(r"\\?", r"\?")
    ):
        call(collection, db)
    with pytest.raises(TypeError):
        call(collection, db)


def test_errors_of_the_call_itself_and_from_inside_are_left_alone(collection):
    with pytest.raises(TypeError, match="missing 1 required positional argument") as caught:
        collection.search()
    assert not isinstance(caught.value, vdb.VdbError)
    with pytest.raises(TypeError, match="of mine"):
        collection.add([1], [Q], progress=raising)


def raising(*_):
    raise TypeError("of mine")


def test_signatures_and_documents_are_those_of_the_functions():
    assert list(inspect.signature(vdb.Collection.search).parameters)[:3] == ["self", "q", "k"]
    assert list(inspect.signature(vdb.HNSW).parameters) == [
        "M", "ef_construction", "codes", "seed", "indexing_threshold",
    ]  # fmt: skip
    documented = vdb.Collection.add.__wrapped__.__doc__
    assert documented and vdb.Collection.add.__doc__ == documented
    assert vdb.HNSW(M=5) == vdb.HNSW(M=5)


@pytest.mark.parametrize(
    ("given", "ours"),
    [("L2", "l2"), ("Cosine", "cosine"), ("euclidean", "l2"), ("dotproduct", "ip"),
     ("inner_product", "ip"), ("DOT", "dot"), ("manhattan", "l1"), ("COSINE_SIMILARITY", "cosine"),
     ("cosin", "cosine"), ("hamming distance", "hamming")],
)  # fmt: skip
def test_a_metric_is_answered_with_its_name_here(db, given, ours):
    with pytest.raises(vdb.InvalidArgumentError, match=rf"; did you mean '{ours}' \(") as caught:
        db.create_collection("c", dim=3, metric=given)
    assert caught.value.received == given
    assert caught.value.expected == ("l2", "ip", "cosine", "dot", "l1", "hamming")


def test_that_l2_is_squared_is_said_with_it(db):
    with pytest.raises(vdb.InvalidArgumentError, match=r"'l2' \(squared Euclidean distance\)"):
        db.create_collection("c", dim=3, metric="euclidean")


def test_other_words_are_answered_too(db, collection):
    for call, text in (
        (lambda: db.create_collection("c", dim=3, metric="l2", dtype="fp32"), "mean 'float32'"),
        (lambda: db.create_collection("c", dim=3, metric="l2", scores="elastic"), "native"),
        (lambda: collection.search(Q, scores="Elasticsearch"), "mean 'elasticsearch'"),
        (lambda: collection.index_field("a", "str"), "mean 'keyword'"),
        (lambda: collection.index_field("a", "string[]"), r"mean 'keyword\[\]'"),
        (lambda: vdb.open("x", durability="ful"), "mean 'full'"),
        (lambda: vdb.HNSW(codes="INT8"), "mean 'int8'"),
    ):
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            call()


def test_what_is_like_nothing_has_no_answer(db):
    for word in ("xyzzy", "", "jaccard", "l" * 100_000, "日本", "\ud800"):
        with pytest.raises(vdb.InvalidArgumentError) as caught:
            db.create_collection("c", dim=3, metric=word)
        assert "did you mean" not in str(caught.value)


def test_every_answer_is_a_word_of_ours():
    from vdb.model.dtypes import DTYPES
    from vdb.model.filters.field_types import BASES
    from vdb.model.metrics import METRICS

    assert set(synonyms.METRICS.values()) <= set(METRICS)
    assert set(synonyms.DTYPES.values()) <= set(DTYPES)
    assert set(synonyms.FIELD_TYPES.values()) <= set(BASES)


WRITING = sorted(
    name
    for name in dir(vdb.Collection)
    if not name.startswith("_") and not hasattr(vdb.CollectionReader, name)
)


@pytest.mark.parametrize("name", WRITING)
def test_a_collection_of_a_snapshot_refuses_to_write_in_words(collection, db, name):
    with db.snapshot() as moment:
        reader = moment.collection("docs")
        with pytest.raises(vdb.SnapshotWriteError, match=rf"snapshot, .* {name}\(\) is for the"):
            getattr(reader, name)([1], vectors=[Q])
        assert not hasattr(reader, name)
        assert not hasattr(reader, "no_such_thing")
        with pytest.raises(AttributeError, match="no_such_thing"):
            _ = collection.no_such_thing
