"""The file for embedding-atlas: neighbours of the index, coordinates, typed columns."""

import json

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, fill
from vdb.api.exporting import moment
from vdb.exports.writing.projection import umap_module
from vdb.model.metrics import METRICS

parquet = pytest.importorskip("pyarrow.parquet")
PCA = {"projection": "pca", "k": 7}


def read(docs, tmp_path, **options):
    """The table of an export, its report, and what its metadata says."""
    report = docs.export(tmp_path / "out", "atlas", options=PCA | options, overwrite=True)
    table = parquet.read_table(report.files[0])
    return table, report, json.loads(table.schema.metadata[b"vdb.atlas"])


def with_vectors(docs):
    return [record for record in docs.scan() if record.vector is not None]


def numbers(docs):
    """The vectors as float64, bits as 0 and 1."""
    rows = np.stack([record.vector for record in with_vectors(docs)])
    if docs.dtype == "bit":
        return np.unpackbits(rows, axis=1).astype(np.float64)
    return rows.astype(np.float64)


KINDS = [
    *((metric, "float32") for metric in METRICS if metric != "hamming"),
    ("hamming", "bit"), ("l2", "int8"), ("cosine", "float16"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "dtype", "count"),
    [*((*kind, 300) for kind in KINDS), ("cosine", "float32", 2500), ("ip", "float32", 2500)],
)
def test_neighbours_are_those_that_a_search_of_the_index_finds(db, tmp_path, metric, dtype, count):
    docs = fill(db, count=count, metric=metric, dtype=dtype, bare=(0, 9), index=vdb.HNSW(M=8))
    table, report, _ = read(docs, tmp_path)
    records = with_vectors(docs)
    assert (len(table), report.records, report.without_vector) == (count - 2, count - 2, 0)
    assert any("2 records without a vector are left out" in note for note in report.notes)
    ids = table["id"].to_pylist()
    assert ids == [record.id for record in records]
    row_of = {one: row for row, one in enumerate(ids)}
    lists = table["neighbors"].to_pylist()
    for start in range(0, len(records), 500):
        part = records[start : start + 500]
        many = docs.search_many(np.stack([one.vector for one in part]), 8)
        for own, hits in zip(part, many, strict=True):
            near = [hit for hit in hits if hit.id != own.id][:7]
            entry = lists[row_of[own.id]]
            assert entry["ids"] == [row_of[own.id], *(row_of[hit.id] for hit in near)]
            values = np.array([hit.value for hit in near])
            to_distances = METRICS[metric].distances or (lambda some: some.max() - some)
            assert entry["distances"] == [0, *to_distances(values).astype(np.float32).tolist()]
            assert np.all(np.diff(entry["distances"]) >= 0)


@pytest.mark.parametrize(("metric", "dtype"), KINDS)
def test_coordinates_are_those_of_the_singular_value_decomposition(db, tmp_path, metric, dtype):
    docs = fill(db, count=200, metric=metric, dtype=dtype, bare=(4,))
    table, _, about = read(docs, tmp_path)
    rows = numbers(docs)
    if metric == "cosine":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows -= rows.mean(axis=0)
    _, spread, axes = np.linalg.svd(rows, full_matrices=False)
    places = np.column_stack([table["x"], table["y"]])
    expected = rows @ axes[:2].T
    signs = np.sign((places * expected).sum(axis=0))
    np.testing.assert_allclose(places, expected * signs, atol=1e-6 * spread[0])
    np.testing.assert_allclose(about["variance"], spread[:2] ** 2 / (spread**2).sum(), rtol=1e-6)


def test_wide_vectors_have_nearly_the_same_coordinates(db, tmp_path, monkeypatch):
    monkeypatch.setattr("vdb.exports.writing.projection._WIDEST", DIM - 1)
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(500, DIM)) * np.geomspace(8, 0.5, DIM) + 100
    docs.add(range(500), rows.astype(np.float32))
    table, _, about = read(docs, tmp_path)
    rows = numbers(docs) - numbers(docs).mean(axis=0)
    _, spread, axes = np.linalg.svd(rows, full_matrices=False)
    places = np.column_stack([table["x"], table["y"]])
    expected = rows @ axes[:2].T
    signs = np.sign((places * expected).sum(axis=0))
    np.testing.assert_allclose(places, expected * signs, atol=1e-3 * spread[0])
    np.testing.assert_allclose(about["variance"], spread[:2] ** 2 / (spread**2).sum(), rtol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("same", [False, True])
def test_few_records_and_equal_ones_have_lists_and_places_without_nan(db, tmp_path, count, same):
    docs = db.create_collection("docs", dim=3, metric="l2")
    rows = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    docs.add(range(count), rows[:1].repeat(count, axis=0) if same else rows)
    for projection in ("pca", *(["umap"] if umap_module() else [])):
        table, report, about = read(docs, tmp_path, projection=projection)
        assert len(table) == report.records == count
        assert all(len(one["ids"]) == count for one in table["neighbors"].to_pylist())
        assert np.isfinite(np.column_stack([table["x"], table["y"]])).all()
        if projection == "umap" and count:
            assert about["projection"] == ("umap" if count >= 4 else "pca")


def test_umap_keeps_neighbours_together_and_draws_the_same_map_again(db, tmp_path):
    if umap_module() is None:
        pytest.skip("umap-learn is not installed")
    docs = db.create_collection("docs", dim=20, metric="cosine")
    rng = np.random.default_rng(1)
    centers = rng.normal(size=(6, 20)) * 3
    groups = rng.integers(0, 6, size=600)
    docs.add(range(600), (centers[groups] + rng.normal(size=(600, 20))).astype(np.float32))
    maps = []
    for _ in range(2):
        table, report, about = read(docs, tmp_path, projection="umap")
        maps.append(np.column_stack([table["x"], table["y"]]))
        assert about["projection"] == "umap"
        assert any("umap-learn" in note for note in report.notes)
    np.testing.assert_array_equal(maps[0], maps[1])
    apart = np.linalg.norm(maps[0][:, None] - maps[0][None], axis=2)
    nearest = np.argsort(apart, axis=1)[:, 1:8]
    assert (groups[nearest] == groups[:, None]).mean() > 0.95


def test_fields_of_one_kind_are_columns_and_the_rest_is_in_payload(db, tmp_path):
    docs = fill(db, fields=FIELDS)
    table, report, about = read(docs, tmp_path)
    types = {name: str(table.schema.field(name).type) for name in table.schema.names}
    assert types["title"] == types["text"] == types["payload"] == "string"
    assert types["deep.x"] == "double"
    assert types["when"] == "timestamp[us, tz=UTC]"
    assert types["tags"] == "list<element: string>"
    assert types["flag"] == "bool"
    assert (types["payload.id"], types["payload.payload"], types["other"]) == ("int64",) * 3
    assert "n" not in types  # 2**64 - 1
    assert "vector" not in types
    payloads = [record.payload for record in docs.scan()]
    assert [None if one is None else json.loads(one) for one in table["payload"].to_pylist()] == (
        payloads
    )
    flags = [one.get("flag") if isinstance(one, dict) else None for one in payloads]
    assert table["flag"].to_pylist() == flags
    assert any("'n'" in note and "payload" in note for note in report.notes)
    assert about["x"] == "x"


def test_payloads_of_columns_only_are_not_written_twice(db, tmp_path):
    docs = db.create_collection("docs", dim=2, metric="l2")
    payloads = [{"a": 1, "b": "one"}, {"a": 2.5, "b": "two"}, None]
    docs.add([1, 2, 3], [[0, 1], [1, 0], [1, 1]], payloads)
    table, _, about = read(docs, tmp_path)
    assert table.schema.names == ["id", "a", "b", "x", "y", "neighbors"]
    assert table["a"].to_pylist() == [1.0, 2.5, None]
    assert about["text"] == "b"


def test_fields_whose_names_are_those_of_other_columns_keep_apart(db, tmp_path):
    docs = db.create_collection("docs", dim=2, metric="l2")
    payload = {"x": 1, "X": 2, "Y": 3, "neighbors": "n", "ID": "own", "vector": "v"}
    docs.add([1, 2], [[0, 1], [1, 0]], [payload, payload])
    table, _, about = read(docs, tmp_path, vector=True)
    assert len({name.casefold() for name in table.schema.names}) == len(table.schema.names)
    assert (about["x"], about["y"], about["neighbors"]) == ("atlas_x", "atlas_y", "atlas_neighbors")
    assert table["vector"].to_pylist() == [[0, 1], [1, 0]]
    assert sorted(one for one in table["payload.ID"].to_pylist()) == ["own", "own"]


def test_the_text_is_the_longest_field_or_the_one_that_is_named(db, tmp_path):
    docs = db.create_collection("docs", dim=2, metric="l2", fields={"kind": "keyword"})
    payload = {"title": "a title", "body": "the longest text of all", "kind": "k", "n": 1}
    docs.add([1, 2], [[0, 1], [1, 0]], [payload, payload])
    assert read(docs, tmp_path)[2]["text"] == "body"
    for name in ("title", "kind"):
        assert read(docs, tmp_path, text=name)[2]["text"] == name
    with pytest.raises(vdb.InvalidArgumentError, match=r"text must name.*'nothing'.*'body'"):
        read(docs, tmp_path, text="nothing")
    with pytest.raises(vdb.InvalidArgumentError, match="text must name"):
        read(docs, tmp_path, text="n")


def test_a_filter_leaves_rows_and_neighbours_among_what_passes(db, tmp_path):
    docs = fill(db, count=120, fields={"n": "int"}, ids="int")
    where = {"n": {"$gte": 0}}
    report = docs.export(tmp_path / "out", "atlas", options=PCA, where=where)
    table = parquet.read_table(report.files[0])
    assert table["id"].to_pylist() == list(docs.ids(where=where))
    for row, entry in enumerate(table["neighbors"].to_pylist()):
        record = docs.get(table["id"][row].as_py())
        hits = docs.search(record.vector, 8, where=where)
        near = [hit.id for hit in hits if hit.id != record.id][:7]
        assert [table["id"][one].as_py() for one in entry["ids"]] == [record.id, *near]


def test_a_walk_that_ends_early_still_gives_full_lists(db, tmp_path, monkeypatch):
    docs = fill(db, count=60)
    whole = moment._Records.neighbors

    def cut(self, queries, k, without=(), *, exact=True):
        found = whole(self, queries, k, without, exact=exact)
        return found if exact else found._replace(ids=[one[:3] for one in found.ids])

    monkeypatch.setattr(moment._Records, "neighbors", cut)
    table, _, _ = read(docs, tmp_path)
    assert all(len(set(one["ids"])) == 8 for one in table["neighbors"].to_pylist())


def test_progress_rises_to_the_end_and_an_interrupt_leaves_nothing(db, tmp_path):
    docs = fill(db, count=9000)
    told = []
    docs.export(
        tmp_path / "a",
        "atlas",
        options=PCA,
        progress=lambda done, total: told.append((done, total)),
    )
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (9000, 9000)

    def stop(done, _total):
        if done > 4000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        docs.export(tmp_path / "b", "atlas", options=PCA, progress=stop)
    assert [one.name for one in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("options", [{"k": 0}, {"k": 1001}, {"projection": "tsne"}, {"x": 1}])
def test_what_is_no_option_is_refused_before_anything_is_written(db, tmp_path, options):
    with pytest.raises(vdb.InvalidArgumentError):
        fill(db).export(tmp_path / "out", "atlas", options=options)
    assert list(tmp_path.iterdir()) == []


def test_without_umap_learn_the_extra_is_named(db, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    docs = fill(db)
    with pytest.raises(ModuleNotFoundError, match=r"vdb\[atlas\]"):
        docs.export(tmp_path / "out", "atlas", options={"projection": "umap"})
    report = docs.export(tmp_path / "out", "atlas")
    assert any("PCA" in note and "atlas" in note for note in report.notes)


def test_only_its_name_chooses_it(db, tmp_path):
    docs = fill(db)
    assert docs.export(tmp_path / "out.parquet").format == "parquet"
    report = docs.export(tmp_path / "other.parquet", "atlas", options=PCA)
    assert (report.format, report.files[0].name) == ("atlas", "other.parquet")
