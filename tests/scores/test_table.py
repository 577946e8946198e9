"""Which conventions there are, and what is known about each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import vdb
from vdb.scores.table import all_conventions

ROOT = Path(__file__).parents[2]
EVERYWHERE = {"native", "annoy", "elasticsearch", "opensearch", "opensearch-2.18", "pgvector"}
EVERYWHERE |= {"relevance"}
PRODUCTS = {
    *("chroma", "duckdb", "hnswlib", "lancedb", "lucene", "milvus", "milvus-3", "nmslib"),
    *("pinecone", "qdrant", "redis", "svs", "usearch", "vespa", "vespa-distance", "voyager"),
    *("vsag", "weaviate", "zvec"),
}
EXPECTED = {
    "l2": EVERYWHERE
    | PRODUCTS
    | {"faiss", "hannoy", "mariadb", "mongodb", "ngt", "rabitqlib", "sqlite-vec"},
    "ip": EVERYWHERE | PRODUCTS | {"faiss", "rabitqlib", "turbovec"},
    "dot": EVERYWHERE
    | PRODUCTS
    | {"faiss", "mongodb", "rabitqlib", "turbovec", "vespa-prenormalized-angular"},
    "cosine": EVERYWHERE
    | PRODUCTS
    | {"azure", "hannoy", "lancedb-quantised", "mariadb", "mongodb", "ngt", "ngt-angle"}
    | {"redis-vset", "redis-vset-8.0", "sqlite-vec"}
    | {"vespa-prenormalized-angular", "weaviate-certainty"},
    "l1": EVERYWHERE | {"faiss", "ngt", "nmslib", "qdrant", "sqlite-vec", "weaviate"},
    "hamming": EVERYWHERE
    | {"faiss", "lancedb", "lucene", "milvus", "mongodb", "sqlite-vec", "usearch", "vespa"}
    | {"vespa-distance", "weaviate"},
}


@pytest.mark.parametrize("metric", EXPECTED)
def test_a_convention_exists_where_the_engine_has_the_metric(metric):
    names = vdb.scores.conventions(metric)
    assert set(names) == EXPECTED[metric]
    assert names == ["native", *sorted(set(names) - {"native"})]


def test_every_row_says_everything():
    for row in all_conventions():
        for fact in ("called", "formula", "inverse", "engine", "source", "evidence", "nan"):
            assert getattr(row, fact), f"{row.name} {row.metric}: {fact}"
        assert row.zero_vectors and row.threshold_unit
        assert row.low < row.high
        assert row.threshold in ("inclusive", "strict")
        assert row.threshold_parameter or "no such parameter" in row.threshold_note


def test_range_and_version_are_told():
    row = vdb.scores.describe("azure", "cosine")
    assert row.range == (row.low, row.high) == (pytest.approx(1 / 3), 1.0)
    assert vdb.scores.describe("faiss", "l2").version == "Faiss 1.15.1"


def test_a_misleading_name_leads_to_the_right_row():
    row = vdb.scores.describe("vespa-innerproduct", "cosine")
    assert row.alias_of == "vespa-prenormalized-angular"
    assert row.formula == vdb.scores.describe("vespa-prenormalized-angular", "cosine").formula
    assert "vespa-innerproduct" not in vdb.scores.conventions("cosine")


def test_bytes_are_described_by_themselves():
    assert "32768" in vdb.scores.describe("lucene", "dot", dtype="int8").formula
    assert vdb.scores.describe("lucene", "dot").dtype == "any"
    with pytest.raises(vdb.InvalidArgumentError, match="dtype must be"):
        vdb.scores.describe("lucene", "dot", dtype="float64")


def test_a_convention_of_another_metric_is_named():
    with pytest.raises(vdb.InvalidArgumentError, match="got 'azure', which exists for cosine"):
        vdb.scores.describe("azure", "l2")


def test_the_reference_is_up_to_date():
    written = [sys.executable, "tools/write_scores_reference.py", "--check"]
    assert subprocess.run(written, cwd=ROOT, check=False).returncode == 0
