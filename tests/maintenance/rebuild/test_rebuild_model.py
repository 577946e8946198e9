"""Rebuilding to the vectors of another model, which a function makes from the records."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.models import Model, assert_embedded
from support.stopped import StopError, stop_in
from vdb.maintenance.rebuild import run, vector_source

DIM = 16


@pytest.fixture
def docs(db, crowd):
    """500 records of a model "small" of 16 dimensions, some slots free."""
    docs = db.create_collection("docs", dim=DIM, metric="cosine", model="small")
    docs.add(range(600), crowd[:600], [{"n": i} for i in range(600)])
    docs.delete(range(100, 200))
    return docs


@pytest.fixture
def small_calls(monkeypatch):
    """A function gets 16 records at a time, and what it gave is stored at once."""
    monkeypatch.setattr(vector_source.FunctionSource, "batch", 16)
    monkeypatch.setattr(
        run,
        "SCHEDULE",
        run.Schedule(step_rows=32, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=8),
    )


class TestResult:
    def test_every_record_has_the_vector_of_the_function(self, db, docs):
        model = Model(24)
        report = docs.rebuild(model="large", vectors=model)
        assert (report.dim, report.model) == (24, "large")
        assert (report.previous_dim, report.previous_model) == (DIM, "small")
        assert (report.records, report.ignored) == (500, 0)
        assert max(model.calls) <= 256
        assert_embedded(docs, model)
        info = docs.info()
        assert (docs.dim, info.dim, info.model, info.metric) == (24, 24, "large", "cosine")
        assert [(line.generation, line.dim, line.model) for line in info.history] == [
            (1, DIM, "small"),
            (2, 24, "large"),
        ]
        assert db.info().format_version == 2

    @pytest.mark.parametrize(
        ("metric", "dtype", "unit"),
        [
            ("l2", "float16", False), ("ip", "float32", False), ("l1", "float32", False),
            ("cosine", "float16", False), ("dot", "float32", True),
        ],
    )  # fmt: skip
    def test_metric_dtype_and_index_change_in_the_same_rebuild(self, docs, metric, dtype, unit):
        model = Model(40, unit=unit)
        docs.rebuild(
            metric, vdb.HNSW(M=8), dtype, model="large", vectors=model, dim=40, scores="native"
        )
        assert (docs.metric, docs.dtype, docs.dim) == (metric, dtype, 40)
        assert docs.index == vdb.HNSW(M=8)
        assert_embedded(docs, model, np.dtype(dtype))
        ids = sorted(docs.ids())
        rows = model.matrix(ids).astype(dtype).astype(np.float32)
        for n in (3, 333):
            query = model.vector(n)
            truth = oracle.nearest(metric, query, ids, rows, 5)
            exact = docs.search(query, 5, exact=True)
            assert exact.values == pytest.approx([v for _, v in truth], rel=1e-4, abs=1e-4)

    def test_bits_may_be_booleans_or_packed(self, db):
        rows = np.random.default_rng(3).integers(0, 2, (50, 24)).astype(bool)
        docs = db.create_collection("docs", dim=DIM, metric="l2")
        docs.add(range(50), np.ones((50, DIM)))
        docs.rebuild("hamming", dtype="bit", vectors=lambda records: rows[[r.id for r in records]])
        assert docs.dim == 24
        packed = np.packbits(rows, axis=1)
        assert np.array_equal(docs.get(7).vector, packed[7])
        docs.rebuild(vectors=lambda records: packed[[r.id for r in records]][:, :2])
        assert docs.dim == 16

    def test_records_come_with_id_payload_and_the_vector_there_is(self, docs, crowd):
        seen = []

        def function(records):
            seen.extend(records)
            return np.stack([record.vector for record in records]) * 2

        docs.rebuild("l2", model="doubled", vectors=function)
        assert all(
            record == vdb.Record(record.id, crowd[record.id], {"n": record.id}) for record in seen
        )
        assert np.array_equal(docs.get(3).vector, crowd[3] * 2)

    def test_of_a_flat_collection_and_of_few_records(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2", index=vdb.Flat())
        docs.add(["a"], [[1, 2]], [{"n": 5}])
        model = Model(3)
        docs.rebuild(model="large", vectors=model)
        assert_embedded(docs, model)

    def test_records_without_a_vector_stay_without(self, db, crowd):
        docs = db.create_collection("docs", dim=DIM, metric="l2", optional_vectors=True)
        docs.add(range(40), crowd[:40], [{"n": i} for i in range(40)])
        docs.add(range(100, 110), None, [{"n": i} for i in range(100, 110)])
        model = Model(24)
        assert docs.rebuild(model="large", vectors=model, keep_previous=True).dim == 24
        assert model.embedded == 8 + 40
        assert docs.get(105) == vdb.Record(105, None, {"n": 105})
        docs.upsert([3, 105], None, [{"n": 3}, {"n": 5}])
        docs.rollback()
        assert docs.get([3, 105, 4])[0].vector is None
        assert np.array_equal(docs.get(4).vector, crowd[4])
        docs.rebuild(vectors={i: model.vector(i) for i in range(40)})
        assert np.array_equal(docs.get(4).vector, model.vector(4))
        assert [str(problem) for problem in db.check()] == []

    def test_of_an_empty_collection_the_dimension_is_said(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2", model="small")
        with pytest.raises(vdb.InvalidArgumentError, match="give dim="):
            docs.rebuild(model="large", vectors=Model(3))
        docs.rebuild(model="large", vectors=Model(3), dim=3)
        assert (docs.dim, docs.info().model) == (3, "large")
        docs.add(1, [1, 2, 3])

    def test_a_model_can_be_named_where_none_was(self, db, crowd):
        docs = db.create_collection("docs", dim=DIM, metric="l2")
        docs.add(range(100), crowd[:100])
        before = docs.info().vector_bytes
        docs.rebuild(model="small")
        assert docs.info().model == "small"
        assert docs.info().vector_bytes == before
        assert np.array_equal(docs.get(3).vector, crowd[3])


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            ({"vectors": 7}, vdb.ArgumentTypeError, r"vectors must be a function.*got int"),
            ({"vectors": Model(3)}, vdb.InvalidArgumentError, "say in model= where"),
            ({"model": "large"}, vdb.InvalidArgumentError, "stay what they are: give vectors="),
            ({"dim": 8}, vdb.DimensionMismatchError, "the stored vectors have 16 numbers"),
            ({"model": "x", "vectors": Model(3), "dim": 4}, vdb.DimensionMismatchError, "gives 3"),
            ({"truncate": 17}, vdb.InvalidArgumentError, "truncate=17 keeps more .* the 16"),
            ({"truncate": 0}, vdb.InvalidArgumentError, "truncate must be between"),
            ({"truncate": 8, "dim": 9}, vdb.DimensionMismatchError, "truncate= leaves 8"),
            ({"normalize": 1}, vdb.ArgumentTypeError, "normalize"),
            ({"normalize": True, "dtype": "int8"}, vdb.InvalidArgumentError, "int8 cannot store"),
        ],
    )  # fmt: skip
    def test_arguments_that_do_not_go_together(self, docs, change, error, words):
        with pytest.raises(error, match=words):
            docs.rebuild(**change)
        assert docs.info().rebuilding is None

    @pytest.mark.parametrize(
        ("function", "error", "words"),
        [
            (lambda records: np.ones(len(records)), vdb.InvalidArgumentError, r"shape \(n, dim\)"),
            (lambda records: np.ones((3, 4)), vdb.InvalidArgumentError, "one row for each"),
            (lambda records: ["a"] * len(records), vdb.ArgumentTypeError, "numbers"),
        ],
    )  # fmt: skip
    def test_what_is_no_matrix_is_refused_before_anything_begins(
        self, docs, function, error, words
    ):
        with pytest.raises(error, match=words):
            docs.rebuild(model="large", vectors=function)
        assert docs.info().rebuilding is None

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            (np.nan, "holds NaN"),
            (np.inf, "holds infinity"),
            (0.0, "is zero, for which"),
        ],
    )
    def test_a_vector_that_cannot_be_is_named_by_its_ids(self, docs, bad, words):
        def function(records):
            rows = np.ones((len(records), 4))
            rows[[record.id in (303, 404) for record in records]] = bad
            return rows

        with pytest.raises(vdb.InvalidVectorError, match=rf"that of 303 {words}") as caught:
            docs.rebuild(model="large", vectors=function)
        assert caught.value.received[0] == 303
        assert (docs.dim, docs.info().model) == (DIM, "small")
        assert docs.discard_rebuild()

    def test_what_the_function_raises_comes_through_and_changes_nothing(self, docs, crowd):
        def function(records):
            if records[0].id > 250:
                raise OSError("the model is away")
            return np.ones((len(records), 4)) * [[record.id + 1] for record in records]

        with pytest.raises(OSError, match="the model is away"):
            docs.rebuild("l2", model="large", vectors=function)
        assert docs.dim == DIM
        assert np.array_equal(docs.get(3).vector, crowd[3])


class TestInterrupted:
    @pytest.mark.parametrize(("phase", "done"), [("embedding", 200), ("building", 200)])
    def test_what_was_embedded_is_not_embedded_again(self, db, docs, small_calls, phase, done):
        model = Model(24)
        with pytest.raises(StopError):
            docs.rebuild(model="large", vectors=model, progress=stop_in(phase, done))
        pending = docs.info().rebuilding
        assert (pending.dim, pending.model, pending.resumable) == (24, "large", True)
        assert [str(problem) for problem in db.check()] == []
        again = Model(24)
        report = docs.rebuild(model="large", vectors=again)
        assert report.resumed
        assert again.embedded - 8 <= 600 - done
        assert_embedded(docs, again)

    def test_resuming_needs_the_vectors_again(self, docs, small_calls):
        with pytest.raises(StopError):
            docs.rebuild(model="large", vectors=Model(24), progress=stop_in("building", 1))
        with pytest.raises(vdb.InvalidArgumentError, match="takes its vectors from vectors="):
            docs.rebuild(resume=True)
        with pytest.raises(vdb.InvalidArgumentError, match="is one to other parameters"):
            docs.rebuild(model="other", vectors=Model(24), resume=True)
        model = Model(24)
        assert docs.rebuild(vectors=model, resume=True).resumed
        assert docs.info().model == "large"
        assert_embedded(docs, model)

    def test_what_was_written_since_is_embedded_too(self, docs, crowd, small_calls):
        with pytest.raises(StopError):
            docs.rebuild(model="large", vectors=Model(24), progress=stop_in("building", 100))
        docs.upsert(range(20), crowd[100:120], [{"n": 1000 + i} for i in range(20)])
        docs.delete(range(20, 40))
        docs.add(range(2000, 2040), crowd[:40], [{"n": 2000 + i} for i in range(40)])
        docs.set_payloads(range(300, 320), [{"n": 3000 + i} for i in range(20)])
        model = Model(24)
        assert docs.rebuild(model="large", vectors=model).resumed
        assert_embedded(docs, model)


class TestMeanwhile:
    def test_what_is_written_is_embedded_too(self, db, path, docs, crowd, small_calls):
        numbers = {i: i for i in docs.ids()}
        random = np.random.default_rng(4)
        with vdb.open(path) as other:
            theirs = other.collection("docs")

            def write(at):
                if at.phase in ("removing", "validating"):
                    return
                some = random.choice(list(numbers), 6, replace=False).tolist()
                theirs.delete(some[:2])
                for i in some[:2]:
                    del numbers[i]
                fresh = random.integers(10_000, 1_000_000, 6).tolist()
                new = [*some[2:4], 5000 + fresh[2]]
                theirs.upsert(new, crowd[:3], [{"n": n} for n in fresh[:3]])
                numbers.update(zip(new, fresh[:3], strict=True))
                theirs.set_payloads(some[4:], [{"n": n} for n in fresh[3:5]])
                numbers.update(zip(some[4:], fresh[3:5], strict=True))

            model = Model(24)
            report = docs.rebuild("l2", model="large", vectors=model, progress=write)
            assert report.caught_up > 50
            assert {record.id: record.payload["n"] for record in docs.scan()} == numbers
            assert_embedded(docs, model)
        assert [str(problem) for problem in db.check()] == []

    def test_the_function_is_called_while_others_can_write(self, path, docs, crowd):
        with vdb.open(path, lock_timeout=0) as other:
            theirs = other.collection("docs")

            class Writing(Model):
                def __call__(self, records):
                    if len(self.calls) in (1, 2, 3):
                        theirs.upsert(len(self.calls), crowd[7], {"n": 90 + len(self.calls)})
                    return super().__call__(records)

            model = Writing(24)
            docs.rebuild(model="large", vectors=model)
        assert docs.get(3).payload == {"n": 93}
        assert_embedded(docs, model)

    def test_a_function_that_is_too_slow_for_the_writers_gives_up(
        self, path, docs, crowd, monkeypatch
    ):
        monkeypatch.setattr(run, "SCHEDULE", run.Schedule(rounds=3))
        monkeypatch.setattr("vdb.maintenance.rebuild.source_rows._SECONDS_AT_ONCE", 0.0)
        with vdb.open(path) as other:
            theirs = other.collection("docs")
            model = Model(24)

            def function(records):
                ids = [*range(10), *range(500, 510)]
                if len(model.calls) > 1:
                    theirs.upsert(ids, crowd[:20], [{"n": i * 100 + len(model.calls)} for i in ids])
                return model(records)

            with pytest.raises(vdb.RebuildError, match=r"more slowly than others write .*'docs'"):
                docs.rebuild(model="large", vectors=function)
        assert (docs.dim, docs.info().model) == (DIM, "small")
        again = Model(24)
        assert docs.rebuild(model="large", vectors=again).resumed
        assert_embedded(docs, again)

    def test_objects_and_snapshots_of_before(self, db, path, docs, crowd):
        with vdb.open(path) as other, db.snapshot() as snapshot:
            theirs, old = other.collection("docs"), snapshot.collection("docs")
            named = other.collection("docs", model="small")
            before = docs.search(crowd[3], 5).ids.tolist()
            assert len(theirs.search(crowd[3], 5, threshold=0.1))
            model = Model(24)
            docs.rebuild(model="large", vectors=model)
            assert old.search(crowd[3], 5).ids.tolist() == before
            assert (old.dim, theirs.dim) == (DIM, 24)
            changed = r"A rebuild changed collection 'docs' from 16 to 24 dimensions \(20"
            with pytest.raises(vdb.DimensionMismatchError, match=changed):
                theirs.search(crowd[3])
            with pytest.raises(vdb.DimensionMismatchError, match=changed):
                theirs.search_many(crowd[:3])
            with pytest.raises(vdb.DimensionMismatchError, match=changed):
                theirs.add(9000, crowd[3])
            theirs.add(9000, model.vector(3), {"n": 3})
            assert theirs.search(model.vector(3), 2).ids.tolist() == [3, 9000]
            with pytest.raises(vdb.ModelMismatchError, match=r"threshold .*the new model"):
                theirs.search(model.vector(3), threshold=0.5)
            for call in (
                lambda: named.search(crowd[3]),
                lambda: named.add(1, crowd[3]),
                named.info,
            ):
                with pytest.raises(vdb.ModelMismatchError, match=r"'large'.*generation 2.*'small'"):
                    call()
            docs.search(model.vector(3), threshold=0.5)  # this object made the change
            with pytest.raises(vdb.DimensionMismatchError, match=r"dim=24 \(since .*generation 2"):
                other.collection("docs", dim=DIM)

    def test_rows_prepared_before_the_change_are_refused_with_words(self, docs, crowd, monkeypatch):
        prepared = docs._rows

        def prepared_before(*columns):
            rows = prepared(*columns)
            docs.rebuild(model="large", vectors=Model(24))
            return rows

        monkeypatch.setattr(docs, "_rows", prepared_before)
        with pytest.raises(vdb.DimensionMismatchError, match="from 16 to 24 dimensions"):
            docs.add([7000], crowd[:1])


class TestRollback:
    def test_at_once_when_nothing_was_written(self, db, docs, crowd):
        docs.rebuild("l2", model="large", vectors=Model(24), keep_previous=True)
        kept = docs.info().previous
        assert (kept.dim, kept.model) == (DIM, "small")
        assert [str(problem) for problem in db.check()] == []
        docs.delete([3])
        docs.set_payloads(5, {"n": 77})
        report = docs.rollback()
        assert (report.dim, report.model, report.previous_dim) == (DIM, "small", 24)
        assert (docs.dim, docs.metric, docs.info().model) == (DIM, "cosine", "small")
        assert np.array_equal(docs.get(5).vector, crowd[5])
        assert docs.get(5).payload == {"n": 77} and 3 not in docs
        assert docs.rollback().dim == 24  # and forth
        assert [line.dim for line in docs.info().history] == [DIM, 24, DIM, 24]

    def test_later_writes_need_vectors_of_the_model_before(self, db, docs, crowd):
        large, small = Model(24), Model(DIM, seed=2)
        docs.rebuild(model="large", vectors=large, keep_previous=True)
        docs.add([5000, 5001], large.matrix([1, 2]), [{"n": 1}, {"n": 2}])
        docs.upsert(7, large.vector(70), {"n": 70})
        with pytest.raises(
            vdb.MissingVectorsError, match=r"3 records .*ids 7, 5000, 5001"
        ) as caught:
            docs.rollback()
        assert (caught.value.count, sorted(caught.value.ids)) == (3, [7, 5000, 5001])
        assert isinstance(caught.value, vdb.RebuildError)
        assert (docs.dim, docs.info().rebuilding) == (24, None)
        docs.rollback(vectors=small)
        assert sum(small.calls) == 3
        assert np.array_equal(docs.get(5001).vector, small.vector(2))
        assert np.array_equal(docs.get(7).vector, small.vector(70))
        assert np.array_equal(docs.get(8).vector, crowd[8])
        assert [str(problem) for problem in db.check()] == []

    def test_a_table_can_give_them(self, docs):
        large, small = Model(24), Model(DIM, seed=2)
        docs.rebuild(model="large", vectors=large, keep_previous=True)
        docs.add([5000], large.matrix([1]), [{"n": 1}])
        with pytest.raises(vdb.MissingVectorsError, match="ids 5000"):
            docs.rollback(vectors={1: small.vector(1)})
        docs.rollback(vectors={5000: small.vector(1)})
        assert np.array_equal(docs.get(5000).vector, small.vector(1))

    def test_written_in_the_middle_they_stop_it(self, path, docs, monkeypatch):
        docs.rebuild(model="large", vectors=Model(24), keep_previous=True)
        with vdb.open(path) as other:

            def write_first(build, **how):
                other.collection("docs").upsert(9, np.ones(24), {"n": 9})
                to_the_end(build, **how)

            to_the_end = run.Run.to_the_end
            monkeypatch.setattr(run.Run, "to_the_end", write_first)
            with pytest.raises(vdb.MissingVectorsError):
                docs.rollback()
            monkeypatch.undo()
        assert (docs.dim, docs.info().model) == (24, "large")
        small = Model(DIM, seed=2)
        assert docs.rollback(vectors=small).resumed
        assert np.array_equal(docs.get(9).vector, small.vector(9))

    def test_vectors_are_refused_where_they_are_not_needed(self, docs):
        docs.rebuild("l2", keep_previous=True)
        with pytest.raises(vdb.InvalidArgumentError, match="leave out vectors="):
            docs.rollback(vectors=Model(DIM))
        docs.rollback()

    def test_a_generation_of_before_is_removed_with_its_vectors(self, db, docs):
        docs.rebuild(model="large", vectors=Model(24), keep_previous=True)
        uses = docs.inspect().beside
        assert [(use.generation, use.role) for use in uses] == [(1, "kept")]
        assert uses[0].bytes > 0
        assert docs.drop_previous()
        assert docs.inspect().beside == ()
        assert [str(problem) for problem in db.check()] == []


class TestPlan:
    def test_it_says_what_would_be(self, docs):
        model = Model(24)
        plan = docs.plan_rebuild(model="large", vectors=model)
        assert (plan.dim, plan.to_dim) == (DIM, 24)
        assert (plan.model, plan.to_model) == ("small", "large")
        assert plan.feasible and plan.seconds > 0 and plan.bytes_needed > 500 * 24 * 4
        assert model.calls == [8]
        assert (docs.dim, docs.info().rebuilding) == (DIM, None)

    def test_it_refuses_what_a_rebuild_would(self, docs):
        with pytest.raises(vdb.InvalidArgumentError, match="say in model="):
            docs.plan_rebuild(vectors=Model(3))
