"""`vdb import` of another system's file makes the collection, and says what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.files import fbin, fvecs

FAISS = Path(__file__).parents[1] / "files" / "sources" / "faiss"


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)


def test_the_collection_is_made_as_the_source_was(run, place):
    ran = run("import", place, "docs", FAISS / "idmap2-hnsw.faiss", "--verify", 20)
    assert (ran.status, ran.err) == (0, "")
    assert "docs: 40 records added" in ran.out and "metric l2, scores faiss" in ran.out
    assert "the scores agree" in ran.out
    with vdb.open(place) as db:
        assert db.collection("docs").info().index == vdb.HNSW(M=8, ef_construction=40)
        assert list(db.check()) == []


def test_a_source_is_looked_at_without_a_database(run, place):
    ran = run("import", place, "docs", FAISS / "flat-ip.faiss", "--inspect")
    assert ran.status == 0 and "IndexFlatIP" in ran.out and not Path(place).exists()
    found = json.loads(
        run("import", place, "docs", FAISS / "flat-ip.faiss", "--inspect", "--json").out
    )
    assert (found["format"], found["metric"], found["count"]) == ("faiss", "ip", 40)


def test_a_metric_that_is_not_in_the_file_is_asked_for(run, place, tmp_path, rows):
    file = fbin(tmp_path / "a.fbin", rows)
    ran = run("import", place, "docs", file)
    assert ran.status == 1 and "--metric must be given, one of l2, ip, cosine" in ran.err
    assert run("import", place, "docs", file, "--metric", "ip").status == 0
    ran = run("import", place, "docs", FAISS / "flat-ip.faiss", "--metric", "l2")
    assert ran.status == 1 and "built for ip" in ran.err


def test_an_option_that_is_missing_is_named_as_it_is_given(run, place, tmp_path):
    annoy = FAISS.parent / "annoy" / "angular.ann"
    assert run("import", place, "docs", annoy).failed_with("give dim=", "(-o dim=VALUE)")
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert run("import", place, "docs", tmp_path / "a.json").failed_with("(-o vector=VALUE)")
    given = ("-o", "dim=16", "--metric", "cosine")
    assert run("import", place, "docs", annoy, *given).status == 0


def test_rows_that_are_left_out_are_listed_with_status_2(run, place, tmp_path, rows):
    rows[7] = 0
    file = fvecs(tmp_path / "a.fvecs", rows)
    options = ("--metric", "cosine")
    for more, added in ((["--dry-run"], "49 records would be added"), ([], "49 records added")):
        ran = run("import", place, "docs", file, *options, *more)
        assert ran.status == 2 and added in ran.out and "1 refused" in ran.out
        assert "warning: row 7" in ran.out
    report = json.loads(run("import", place, "docs", file, *options, "--resume", "--json").out)
    assert (report["existing"], report["refused"], report["written"]) == (49, 1, True)
    ran = run("import", place, "strict", file, *options, "--strict")
    assert ran.status == 1 and "zero" in ran.err


def test_an_existing_collection_is_added_to_only_if_that_is_asked_for(run, place, tmp_path, rows):
    file = fbin(tmp_path / "a.fbin", rows)
    assert run("import", place, "docs", file, "--metric", "l2", "--create").status == 0
    ran = run("import", place, "docs", file, "--metric", "l2", "--create")
    assert ran.status == 1 and "already" in ran.err
    ran = run("import", place, "docs", file, "--metric", "l2", "--upsert", "--batch-rows", 20)
    assert ran.status == 0 and "50 replaced" in ran.out


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--from", "nothing"], "--from must be one of"),
        (["-o", "color"], "expected KEY=VALUE"),
        (["-o", "color=red"], "no 'color'"),
        (["-o", "a=1", "-o", "a=2"], "given twice"),
        (["--verify", "-1"], "verify"),
        (["--records", "a.jsonl"], "--records goes with"),
        (["--from", "fbin", "--no-records"], "--no-records goes with"),
    ],
)
def test_wrong_options_are_refused_by_name(run, place, options, text):
    ran = run("import", place, "docs", FAISS / "flat-l2.faiss", *options)
    assert ran.status == 1 and text in ran.err


def test_ids_can_be_texts(run, place, tmp_path, rows):
    file = fbin(tmp_path / "a.fbin", rows)
    assert run("import", place, "docs", file, "--metric", "l2", "--ids", "text").status == 0
    with vdb.open(place) as db:
        assert "7" in db.collection("docs")


def test_the_address_of_a_server_is_one_and_its_password_stays_secret(run, place):
    ran = run("import", place, "docs", "nosql://me:secret@host/db")
    assert ran.status == 1 and "secret" not in ran.err
    assert "SOURCE 'nosql://me@host/db' is an address that none" in ran.err
