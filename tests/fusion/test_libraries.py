"""Random lists beside the libraries themselves, where they are installed; a campaign does more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "tools").is_dir(), reason="a wheel is tested without its tools beside it"
)
PYTHON = os.environ.get("VDB_FUSION_PYTHON", sys.executable)


@pytest.mark.parametrize(
    ("library", "fusions"),
    [
        ("qdrant_client", "qdrant-local-rrf,qdrant-local-dbsf"),
        ("qdrant_edge", "qdrant-rrf,qdrant-dbsf"),
        ("langchain_classic", "langchain"),
        ("llama_index.core", "llamaindex-reciprocal,llamaindex-relative,llamaindex-dist"),
        ("haystack", "haystack-rrf,haystack-dbsf,haystack-merge,haystack-concatenate"),
        ("lancedb", "lancedb-rrf,lancedb-linear,lancedb-mrr"),
        ("milvus_lite", "milvus-lite-rrf,milvus-lite-weighted"),
        ("ranx", "ranx-rrf,ranx-sum"),
    ],
)
def test_fused_lists_are_the_librarys(library, fusions):
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec({library!r}) is None)"
    if subprocess.run([PYTHON, "-c", code], capture_output=True, check=False).returncode:
        pytest.skip(f"{library} is not installed")
    arguments = ["--fusions", "--only", fusions, "--count", "50", "--python", PYTHON]
    ran = subprocess.run(
        [sys.executable, "-m", "tools.conformance", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "did not run" not in ran.stdout
