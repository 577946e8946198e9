"""A table of Lance: its own search finds vdb's neighbours, and it is replaced as a whole."""

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, fill

lance = pytest.importorskip("lance")


@pytest.mark.parametrize(
    ("metric", "distance"), [("l2", "l2"), ("cosine", "cosine"), ("ip", "dot")]
)
def test_its_own_search_finds_the_same(tmp_path, metric, distance):
    with vdb.temporary() as db:
        docs = fill(db, count=60, metric=metric, bare=(4,))
        report = docs.export(tmp_path / "out.lance")
        assert any(f'distance_type="{distance}"' in note for note in report.notes)
        query = np.random.default_rng(5).normal(size=DIM).astype(np.float32)
        nearest = {"column": "vector", "q": query, "k": 10, "metric": distance}
        table = lance.dataset(str(tmp_path / "out.lance")).to_table(nearest=nearest)
        assert table["id"].to_pylist() == [hit.id for hit in docs.search(query, k=10, exact=True)]


def test_columns_of_fields_are_typed_and_have_names_that_lance_takes(tmp_path):
    with vdb.temporary() as db:
        report = fill(db, fields=FIELDS).export(tmp_path / "out.lance")
    schema = lance.dataset(str(tmp_path / "out.lance")).schema
    assert [str(schema.field(name).type) for name in ("deep_x", "when", "tags")] == [
        "double", "timestamp[us, tz=UTC]", "list<item: string>",
    ]  # fmt: skip
    assert "n" not in schema.names and len(report.notes) == 3  # of 2**64 - 1


def test_a_table_is_replaced_as_a_whole(tmp_path):
    with vdb.temporary() as db:
        docs = fill(db)
        docs.export(tmp_path / "out.lance")
        docs.delete(["doc 000"])
        with pytest.raises(vdb.InvalidArgumentError, match="overwrite=True"):
            docs.export(tmp_path / "out.lance")
        docs.export(tmp_path / "out.lance", overwrite=True)
        assert lance.dataset(str(tmp_path / "out.lance")).count_rows() == 39
        (tmp_path / "file.lance").write_text("mine")
        with pytest.raises(vdb.VdbError):
            docs.export(tmp_path / "file.lance", overwrite=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file.lance", "out.lance"]


def test_a_nested_field_whose_name_is_that_of_another_column_is_in_the_payload_only(tmp_path):
    fields = {"a.b": "int", "a_b": "int", "a.c.d": "int", "a.c_d": "int"}
    with vdb.temporary() as db:
        docs = db.create_collection("docs", dim=2, metric="l2", fields=fields)
        docs.add([1], [[1, 0]], [{"a": {"b": 1, "c": {"d": 2}, "c_d": 3}, "a_b": 4}])
        report = docs.export(tmp_path / "out.lance")
        assert any("in the column payload only: a.b, a.c_d;" in note for note in report.notes)
        row = lance.dataset(str(tmp_path / "out.lance")).to_table().to_pylist()[0]
        assert (row["a_b"], row["a_c_d"]) == (4, 2)
        db.import_source(tmp_path / "out.lance", "again")
        assert dict(db.collection("again").info().fields) == fields
        assert db.collection("again").get(1).payload == docs.get(1).payload
        assert list(db.check()) == []


def test_a_full_disk_is_said_as_of_other_formats(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("LanceError(IO): No space left on device (os error 28)")

    monkeypatch.setattr(lance, "write_dataset", fail)
    with vdb.temporary() as db, pytest.raises(vdb.DiskFullError):
        fill(db).export(tmp_path / "out.lance")
    assert list(tmp_path.iterdir()) == []
