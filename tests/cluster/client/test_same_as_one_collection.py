"""Whatever is asked, a sharded collection answers what one collection with its records does."""

from __future__ import annotations

import random

import numpy as np
import pytest

import vdb

pytestmark = pytest.mark.usefixtures("as_released")

WORDS = ("red", "grün", "blue", "￿", "\U0001f600")


def record(rng):
    vector = rng.integers(-2, 3, size=4).astype(np.float32)
    payload = {"n": int(rng.integers(0, 9)), "tags": [WORDS[i] for i in rng.integers(0, 5, 2)]}
    return vector, payload if rng.random() < 0.9 else None


@pytest.fixture(params=["int", "str"])
def both(request, cluster):
    """The sharded collection and the embedded one, with the same records, and their ids."""
    schema = {"dim": 4, "metric": "l2", "fields": {"n": "int", "tags": "keyword[]"}}
    rng = np.random.default_rng(5)
    ids = [int(one) for one in rng.permutation(900)[:150] - 300]
    if request.param == "str":
        ids = [f"{WORDS[one % 5]}{one}" for one in ids]
    rows = [record(rng) for _ in ids]
    vectors, payloads = np.array([row[0] for row in rows]), [row[1] for row in rows]
    with vdb.temporary() as whole:
        one = whole.create_collection("docs", **schema)
        docs = cluster.create_collection("docs", shards=3, **schema)
        assert docs.add(ids, vectors, payloads) == one.add(ids, vectors, payloads)
        yield docs, one, ids
        assert not whole.check()


def same_hits(a, b):
    assert a == b
    assert a.values.tobytes() == b.values.tobytes()
    assert a.scores.tobytes() == b.scores.tobytes()


SEARCHES = [
    {"k": 7},
    {"k": 7, "exact": True, "with_vectors": True},
    {"k": 3, "offset": 5},
    {"k": 200},
    {"k": None, "threshold": 4.0},
    {"k": 9, "threshold": 0.2, "scores": "elasticsearch"},
    {"k": 9, "where": {"n": {"$gte": 5}}},
    {"k": 9, "where": vdb.F.tags == "grün", "scores": "milvus", "with_payloads": False},
    {"k": 5, "where": {"n": 77}},
]


@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_searches(both, options):
    docs, one, _ = both
    rng = np.random.default_rng(1)
    queries = rng.integers(-2, 3, size=(4, 4)).astype(np.float32)
    for query in queries:
        same_hits(docs.search(query, **options), one.search(query, **options))
    many, expected = docs.search_many(queries, **options), one.search_many(queries, **options)
    assert many == expected
    assert many.missing == ()
    assert many.ids.tolist() == expected.ids.tolist()


def test_pages_groups_and_diverse_hits(both):
    docs, one, ids = both
    query = [0.4, 0, 1, -1]
    page, expected = docs.search(query, 10), one.search(query, 10)
    for _ in range(3):
        same_hits(page, expected)
        page, expected = docs.search(query, 10, after=page), one.search(query, 10, after=expected)
    for options in (
        {"group_by": "n"},
        {"group_by": "tags", "per_group": 3, "with_payloads": False},
        {"group_by": "nope"},
        {"diversity": 0.7},
        {"diversity": 0.3, "candidates": 60, "with_vectors": True},
    ):
        assert docs.search(query, 4, **options) == one.search(query, 4, **options)
        assert docs.more_like(ids[:3], 4, **options) == one.more_like(ids[:3], 4, **options)
    same_hits(docs.more_like(ids[0], 6), one.more_like(ids[0], 6))
    liked = {"not_like": ids[5:7], "offset": 2, "where": {"n": {"$lt": 6}}}
    same_hits(docs.more_like(ids[:2], 6, **liked), one.more_like(ids[:2], 6, **liked))


def test_reads_by_id_in_order_and_by_field(both, monkeypatch):
    from vdb.cluster.client import pages

    monkeypatch.setattr(pages, "PAGE", 30)
    monkeypatch.setattr(pages, "_SMALLEST", 3)
    docs, one, ids = both
    nobody = 10_000 if isinstance(ids[0], int) else "nobody"
    assert len(docs) == len(one) == 150
    assert (ids[3] in docs, nobody in docs, 1.5 in docs, None in docs) == (
        True,
        False,
        False,
        False,
    )
    assert docs.get(ids[3]) == one.get(ids[3])
    assert docs.get([*ids, nobody]) == one.get([*ids, nobody])
    assert docs.get(nobody, default=7) == 7
    for options in (
        {},
        {"limit": 1},
        {"limit": 40},
        {"after": sorted(ids)[20], "limit": 25},
        {"where": {"n": {"$lt": 4}}},
        {"where": {"tags": "blue"}, "after": nobody},
    ):
        assert list(docs.ids(**options)) == list(one.ids(**options))
        assert list(docs.scan(**options)) == list(one.scan(**options))
    for options in ({"columns": ["n"]}, {"with_vectors": False}, {"columns": ()}):
        assert list(docs.scan(**options)) == list(one.scan(**options))
        table, expected = docs.scan(**options).to_arrow(), one.scan(**options).to_arrow()
        assert table.read_all() == expected.read_all()
    assert docs.count({"n": 3}) == one.count({"n": 3})
    for options in (
        {"field": "n"},
        {"field": "tags", "order": "count", "limit": 2},
        {"field": "tags", "prefix": "b", "where": {"n": {"$gt": 2}}},
    ):
        assert docs.values(**options) == one.values(**options)
    info, expected = docs.info(), one.info()
    for name in ("count", "id_kind", "dim", "metric", "fields", "without_vector", "generation"):
        assert getattr(info, name) == getattr(expected, name)
    assert (info.norms.min, info.norms.max) == (expected.norms.min, expected.norms.max)


def test_writes(both):
    docs, one, ids = both
    rng = np.random.default_rng(3)
    chosen = ids[10:40]
    vectors = rng.integers(-2, 3, size=(30, 4)).astype(np.float32)
    new = [one + 5000 if isinstance(one, int) else one + "x" for one in chosen[:9]]
    calls = [
        ("upsert", ([*chosen, *new], np.concatenate([vectors, vectors[:9]])), {}),
        (
            "add",
            ([*new, *chosen], np.concatenate([vectors[:9], vectors])),
            {"on_duplicate": "skip"},
        ),
        ("set_payloads", (chosen, [{"n": i} for i in range(30)]), {}),
        ("update_payloads", (chosen[:4], {"n": 8, "more": "x"}), {}),
        ("update_payloads", (chosen[:2], [{"n": vdb.REMOVE}, {"n": 2}]), {}),
        ("update_payloads", (), {"where": {"n": 8}, "changes": {"more": vdb.REMOVE}}),
        ("delete", (chosen[5:9],), {}),
        ("delete", (), {"where": {"n": {"$gte": 25}}}),
        ("index_field", ("more", "keyword"), {}),
        ("drop_field", ("more",), {}),
        ("add", ([{"id": new[0], "vector": [1, 2, 3, 4], "n": 3}],), {"on_duplicate": "replace"}),
        ("clear", (), {}),
        ("add", (ids[3], [1, 1, 1, 1], {"n": 1}), {}),
    ]
    for name, args, options in calls:
        assert getattr(docs, name)(*args, **options) == getattr(one, name)(*args, **options), name
        assert list(docs.scan()) == list(one.scan()), name
        same_hits(docs.search(vectors[0], 20), one.search(vectors[0], 20))


def test_an_export_is_the_same_to_the_byte(both, tmp_path):
    docs, one, _ = both
    docs.export(tmp_path / "a.npy", where={"n": {"$gt": 2}})
    one.export(tmp_path / "b.npy", where={"n": {"$gt": 2}})
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    docs.export(tmp_path / "a.parquet")
    one.export(tmp_path / "b.parquet")
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(tmp_path / "a.parquet") == parquet.read_table(tmp_path / "b.parquet")


def test_an_import_is_spread_over_the_shards(cluster, tmp_path):
    np.save(tmp_path / "v.npy", np.arange(400, dtype=np.float32).reshape(100, 4))
    report = cluster.import_source(tmp_path / "v.npy", "v", metric="l2", shards=2, dry_run=True)
    assert report.added == 100
    assert "v" not in cluster
    report = cluster.import_source(tmp_path / "v.npy", "v", metric="l2", shards=2, verify=5)
    assert (report.added, len(cluster["v"])) == (100, 100)
    assert cluster["v"].shards == ("v-000000", "v-000001")
    again = cluster.import_source(tmp_path / "v.npy", "v", metric="l2", resume=True)
    assert (again.added, again.existing) == (0, 100)


def test_records_without_a_vector(cluster):
    docs = cluster.create_collection("o", dim=2, metric="l2", optional_vectors=True, shards=2)
    docs.add(range(20), [None if i % 3 else [i, i] for i in range(20)])
    assert [record.id for record in docs.scan() if record.vector is not None] == list(
        range(0, 20, 3)
    )
    assert docs.search([0, 0], 50).ids.tolist() == list(range(0, 20, 3))
    assert docs.info().without_vector == 13
    assert docs.scan().to_arrow().read_all()["vector"].null_count == 13
    with pytest.raises(vdb.InvalidArgumentError, match="has no vector"):
        docs.more_like(1)


def test_random_histories(cluster):
    schema = {"dim": 2, "metric": "l2"}
    rng = random.Random(7)
    with vdb.temporary() as whole:
        one = whole.create_collection("h", **schema)
        docs = cluster.create_collection("h", shards=3, **schema)
        for _ in range(120):
            ids = rng.sample(range(40), rng.randint(1, 6))
            vectors = [[rng.randint(-3, 3), rng.randint(-3, 3)] for _ in ids]
            name = rng.choice(["add", "upsert", "delete", "set_payloads", "get", "search"])
            args = {
                "add": (ids, vectors),
                "upsert": (ids, vectors),
                "set_payloads": (ids, [{"x": i} for i in ids]),
                "search": (vectors[0], 5),
            }.get(name, (ids,))
            try:
                expected = getattr(one, name)(*args)
            except (vdb.DuplicateIdError, vdb.NotFoundError) as error:
                options = {"precheck": True}
                with pytest.raises(type(error), match=r"^ids\["):
                    getattr(docs, name)(*args, **options)
                continue
            assert getattr(docs, name)(*args) == expected
        assert list(docs.scan()) == list(one.scan())


def test_studies_take_a_sample(both):
    docs, one, _ = both
    query = [[0.5, 1, 0, 0], [1, 1, 0, 2]]
    with docs.sampled(1_000) as some:
        assert list(some.scan()) == list(one.scan())
        ours = vdb.compare_metrics(some, query, metrics=["l2", "ip"])
        theirs = vdb.compare_metrics(one, query, metrics=["l2", "ip"])
        assert ours.findings == theirs.findings
    with docs.sampled(20, seed=1) as some, docs.sampled(20, seed=2) as other:
        assert (len(some), len(other)) == (20, 20)
        assert set(some.ids()) <= set(one.ids())
        assert set(some.ids()) != set(other.ids())
    with pytest.raises(vdb.InvalidArgumentError, match="count"):
        docs.sampled(0)
