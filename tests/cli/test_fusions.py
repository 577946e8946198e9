"""`vdb fusions`: the table, and everything about one."""

import vdb


def test_the_table_has_every_fusion(run):
    ran = run("fusions")
    assert (ran.status, ran.err) == (0, "")
    assert all(row.name in ran.out for row in vdb.fusion.fusions())


def test_all_about_one(run):
    ran = run("fusions", "qdrant-rrf")
    assert ran.status == 0
    for text in ("rank of the best", "1 / ((r + 1) / w + rank_constant - 1)", "rank_constant: "):
        assert text in ran.out


def test_as_json(run):
    assert run("fusions", "azure", "--json").json["rank_of_the_best"] == 0
    every = run("fusions", "--json").json["fusions"]
    assert [one["fusion"] for one in every] == [row.name for row in vdb.fusion.fusions()]


def test_an_unknown_one(run):
    assert run("fusions", "qdrant-rff").failed_with("fusion must be", "did you mean 'qdrant-rrf'?")
