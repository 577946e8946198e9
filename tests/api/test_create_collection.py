"""The collections of a database, and the facts that are locked when one is made."""

from __future__ import annotations

import re

import numpy as np
import pytest

import vdb


class TestCollections:
    def test_what_there_is(self, db):
        assert db.collections() == [] and "docs" not in db
        db.create_collection("docs", dim=3, metric="l2")
        db.create_collection("Abc", dim=3, metric="l2")
        assert db.collections() == ["Abc", "docs"]
        assert "docs" in db and "other" not in db and 3 not in db
        db.drop_collection("docs")
        assert db.collections() == ["Abc"]

    def test_a_name_is_taken_once(self, db):
        db.create_collection("docs", dim=3, metric="l2")
        with pytest.raises(vdb.CollectionExistsError, match=r"db.collection\('docs'\) opens it"):
            db.create_collection("docs", dim=3, metric="l2")

    def test_what_is_not_there_is_not_found(self, db):
        with pytest.raises(vdb.NotFoundError, match="no collection 'x'; there is none yet"):
            db.collection("x")
        db.create_collection("docs", dim=3, metric="l2")
        for call in (db.collection, db.drop_collection):
            with pytest.raises(KeyError, match="no collection 'x'; there are 'docs'"):
                call("x")
        with pytest.raises(vdb.InvalidArgumentError, match="name"):
            db.collection("../x")
        with pytest.raises(vdb.ArgumentTypeError):
            db.collection(None)

    @pytest.mark.parametrize(
        ("options", "error", "text"),
        [
            ({"metric": "l7"}, vdb.InvalidArgumentError, "'dot', 'l1', 'hamming', got 'l7'"),
            ({"metric": None}, vdb.ArgumentTypeError, "metric"),
            ({"dim": 0}, vdb.InvalidArgumentError, "dim"),
            ({"dim": "3"}, vdb.ArgumentTypeError, "dim"),
            ({"dtype": "int4"}, vdb.InvalidArgumentError, "'int8', 'bit', got 'int4'"),
            ({"dtype": "bit"}, vdb.InvalidArgumentError, "for metric 'l2', got 'bit'"),
            ({"index": "hnsw"}, vdb.ArgumentTypeError, "vdb.HNSW"),
            ({"scores": "azure"}, vdb.InvalidArgumentError, "got 'azure', which exists for cosine"),
            ({"model": 3}, vdb.ArgumentTypeError, "model"),
            ({"fields": {"pep": "integer"}}, vdb.InvalidArgumentError, "must be one of int"),
            ({"name": "a/b"}, vdb.InvalidArgumentError, "name"),
        ],
    )
    def test_what_it_is_made_of_is_checked(self, db, options, error, text):
        given = {"name": "docs", "dim": 3, "metric": "l2"} | options
        with pytest.raises(error, match=text):
            db.create_collection(given.pop("name"), **given)
        assert db.collections() == []

    def test_metric_and_dimension_have_no_default(self, db):
        with pytest.raises(TypeError):
            db.create_collection("docs", dim=3)
        with pytest.raises(TypeError):
            db.create_collection("docs", metric="l2")

    @pytest.mark.parametrize("dim", [1, 2, 3, 5, 17, 1000, 16_000])
    def test_dimensions_from_the_smallest_to_the_largest(self, db, dim):
        docs = db.create_collection("d", dim=dim, metric="l2")
        vectors = np.random.default_rng(0).normal(size=(5, dim)).astype(np.float32)
        docs.add(range(5), vectors)
        docs.delete(3)
        assert docs.search(vectors[2], 1)[0].id == 2
        assert np.array_equal(docs.get(4).vector, vectors[4])


class TestLocked:
    def test_facts_that_agree_are_accepted(self, db):
        db.create_collection("docs", dim=3, metric="ip")
        assert db.collection("docs", metric="ip", dim=3).metric == "ip"

    def test_another_metric_is_refused_with_all_that_is_known(self, db):
        db.create_collection("docs", dim=3, metric="cosine")
        with pytest.raises(vdb.MetricMismatchError) as caught:
            db.collection("docs", metric="l2")
        error = caught.value
        assert (error.expected, error.received) == ("cosine", "l2")
        text = str(error)
        assert "has metric 'cosine'" in text and "not 'l2'" in text
        assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, generation 1", text)
        assert f"written by vdb {vdb.__version__}" in text
        assert "create another with metric='l2'" in text

    def test_another_model_is_refused_with_all_that_is_known(self, db):
        db.create_collection("docs", dim=3, metric="l2", model="small-v1")
        assert db.collection("docs", model="small-v1").info().model == "small-v1"
        with pytest.raises(vdb.ModelMismatchError) as caught:
            db.collection("docs", model="large-v2")
        assert (caught.value.expected, caught.value.received) == ("small-v1", "large-v2")
        text = str(caught.value)
        assert "'small-v1'" in text and "not 'large-v2'" in text and "rebuild" in text
        assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text)
        with db.snapshot() as moment, pytest.raises(vdb.ModelMismatchError):
            moment.collection("docs", model="large-v2")

    def test_a_model_is_refused_where_none_is_named(self, db):
        db.create_collection("docs", dim=3, metric="l2")
        assert db.collection("docs", model=None).dim == 3
        with pytest.raises(vdb.ModelMismatchError, match="does not say of which model") as caught:
            db.collection("docs", model="small-v1")
        assert (caught.value.expected, caught.value.received) == (None, "small-v1")

    def test_a_search_can_say_which_model_its_query_is_of(self, db):
        docs = db.create_collection("docs", dim=3, metric="l2", model="small-v1")
        docs.add(1, [1, 2, 3])
        assert docs.search([1, 2, 3], model="small-v1").ids == [1]
        assert docs.search_many([[1, 2, 3]], model="small-v1").ids.tolist() == [[1]]
        for search, query in ((docs.search, [1, 2, 3]), (docs.search_many, [[1, 2, 3]])):
            with pytest.raises(vdb.ModelMismatchError, match=r"'small-v1'.*not 'large-v2'"):
                search(query, model="large-v2")
            with pytest.raises(vdb.ArgumentTypeError, match="model must be a str"):
                search(query, model=7)

    def test_another_dimension_is_refused(self, db):
        db.create_collection("docs", dim=3, metric="l2")
        with pytest.raises(
            vdb.DimensionMismatchError, match=r"dim=3 \(since .*\), not 4"
        ) as caught:
            db.collection("docs", dim=4)
        assert (caught.value.expected, caught.value.received) == (3, 4)
        assert f"vdb {vdb.__version__}" in str(caught.value)

    def test_facts_that_cannot_be_are_refused_as_such(self, db):
        db.create_collection("docs", dim=3, metric="l2")
        with pytest.raises(vdb.InvalidArgumentError, match="metric must be one of"):
            db.collection("docs", metric="l7")
        with pytest.raises(vdb.InvalidArgumentError, match="dim must be between"):
            db.collection("docs", dim=0)
