"""`vdb import --memory-limit` makes commits small enough, of the same records."""

import numpy as np
import pytest

from vdb.api import database


def test_a_limit_of_memory_makes_more_commits_of_the_same_records(run, tmp_path):
    random = np.random.default_rng(4)
    np.save(tmp_path / "v.npy", random.normal(size=(3000, 64)).astype(np.float32))
    for name, options in {"a": (), "b": ("--memory-limit", "17 MiB")}.items():
        given = (tmp_path / f"{name}.vdb", "c", tmp_path / "v.npy", "--create", "--metric", "l2")
        ran = run("import", *given, *options)
        assert ran.status == 0, ran.err
    with database.open(tmp_path / "a.vdb") as a, database.open(tmp_path / "b.vdb") as b:
        assert list(a.collection("c").scan()) == list(b.collection("c").scan())
        assert b.info().commit > a.info().commit
        assert list(b.check()) == []


@pytest.mark.parametrize("size", ["12 parrots", "", "-5", "1KB", "5" * 400])
def test_a_limit_that_cannot_be_is_refused(run, tmp_path, size):
    np.save(tmp_path / "v.npy", np.ones((2, 8), np.float32))
    given = (tmp_path / "a.vdb", "c", tmp_path / "v.npy", "--create", "--metric", "l2")
    ran = run("import", *given, "--memory-limit", size)
    assert ran.status == 1
    assert "--memory-limit" in ran.err
