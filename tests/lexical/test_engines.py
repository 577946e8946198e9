"""Engines that are there score random words as their conventions do."""

import importlib.util
import sys

import pytest

run = pytest.importorskip("tools.conformance.words.run")  # a wheel is tested without its tools

from tools.conformance.words.cases import cases  # noqa: E402 - behind the skip
from tools.conformance.words.engines import ENGINES  # noqa: E402

HERE = [
    name
    for name in ENGINES
    if name == "fts5" or importlib.util.find_spec(name.rpartition("-")[0].replace("-", "_") or name)
]


@pytest.mark.parametrize("convention", HERE)
def test_an_engine_and_its_convention_agree(convention):
    result = run.compare(convention, sys.executable, seed=5, count=60)
    assert result.cases == 60 and result.scores > 60
    assert result.differences == [] and result.version


def test_a_difference_is_seen(monkeypatch):
    def twice(query, documents, scores, **settings):
        return 2 * real(query, documents, scores, **settings)

    real = run.lexical.score
    monkeypatch.setattr(run.lexical, "score", twice)
    assert run.compare("fts5", sys.executable, seed=5, count=10).differences


def test_an_engine_that_is_not_there_is_named(tmp_path):
    missing = tmp_path / "python"
    missing.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n', encoding="utf-8")
    missing.chmod(0o755)
    words = run.compare("tantivy", str(missing), seed=5, count=10)
    assert words == "No package metadata was found for tantivy"


def test_corpora_have_the_edges():
    corpora = cases("lucene", 2000, seed=1)
    documents = [document for case in corpora for document in case["documents"]]
    lengths = set(map(len, documents))
    assert 0 in lengths and max(lengths) > 1000 and set(range(30, 60)) <= lengths
    queries = [query for case in corpora for query in case["queries"]]
    assert any(len(set(query)) < len(query) for query in queries)
    assert any(case["deleted"] for case in corpora) and any(case["settings"] for case in corpora)
