"""`vdb cluster load`: files become records, once."""

import numpy as np
import pytest

from vdb import cluster

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def test_files_are_loaded_once_however_often_the_command_is_given(run, three, tmp_path):
    with cluster.open(three) as db:
        dim = db.collection("notes").dim
    vectors = np.random.default_rng(1).standard_normal((40, dim)).astype(np.float32)
    table = pa.table({"id": [f"file-{i}" for i in range(40)], "embedding": list(vectors)})
    parquet.write_table(table, tmp_path / "more.parquet", row_group_size=10)
    command = ("cluster", "load", three, "notes", tmp_path / "*.parquet", "--vector", "embedding")
    ran = run(*command)
    assert ran.status == 0, ran.err
    assert "40 rows of 1 files: 40 added" in ran.out and "40 read again" in ran.out
    assert run(*command, "--json").json["resumed"] == 4
    with cluster.open(three) as db:
        assert db.collection("notes").count() == 70
        assert db.check() == []


def test_a_file_that_is_not_there_is_refused(run, three):
    assert run("cluster", "load", three, "notes", "gone.parquet").failed_with("nothing is at")


def test_rows_whose_ids_are_there_are_refused_skipped_or_replaced(run, three, tmp_path):
    with cluster.open(three) as db:
        notes = db.collection("notes")
        ids = list(notes.ids(limit=3))
        vectors = np.full((3, notes.dim), 0.5, np.float32)
        before = notes.get(ids[0]).vector.tolist()
    table = pa.table({"id": ids, "vector": list(vectors)})
    parquet.write_table(table, tmp_path / "again.parquet")
    command = ("cluster", "load", three, "notes", tmp_path / "again.parquet")
    assert run(*command).failed_with("--upsert")
    assert run(*command, "--upsert", "--resume").failed_with("give one of them")
    with cluster.open(three) as db:
        assert db.collection("notes").get(ids[0]).vector.tolist() == before
    assert run(*command, "--resume").status == 0
    with cluster.open(three) as db:
        assert db.collection("notes").get(ids[0]).vector.tolist() == before
    assert run(*command, "--upsert").status == 0
    with cluster.open(three) as db:
        assert db.collection("notes").get(ids[0]).vector.tolist() == vectors[0].tolist()
        assert db.check() == []
