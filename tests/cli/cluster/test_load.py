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
