#!/usr/bin/env bash
# One would guess: under maximal marginal relevance a candidate is compared with all that were chosen before it, and the
# nearest of these counts (Carbonell and Goldstein, 1998), so that near duplicates of any chosen row come late.
# What happens: get_top_k_mmr_embeddings, which SimpleVectorStore uses, compares with the row that was chosen last, and
# with no other. With a threshold of 0.2 and the rows a, b and a copy of a, the three are chosen in the order a, b, copy,
# although a fourth row is unlike both a and b: right after b, the copy of a is new again.
# llama-index-core 0.14.25; seen by running it (indices/query/embedding_utils.py: overlap_with_recent).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check llama-index-core==0.14.25 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from importlib.metadata import version

import numpy as np
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

warnings.simplefilter("ignore")
print("llama-index-core", version("llama-index-core"))
ROWS = {"a": [1.0, 0.1, 0.0], "copy": [1.0, 0.1, -0.001], "b": [0.1, 1.0, 0.0], "other": [0.3, 0.3, 1.0]}
QUERY, THRESHOLD = [1.0, 0.3, 0.1], 0.2

def unit(row):
    return np.array(row) / np.linalg.norm(row)

def by_formula(k):
    chosen, left = [], list(ROWS)
    while len(chosen) < k:
        def marginal(name):
            redundancy = max((float(unit(ROWS[name]) @ unit(ROWS[one])) for one in chosen), default=0.0)
            return THRESHOLD * float(unit(ROWS[name]) @ unit(QUERY)) - (1 - THRESHOLD) * redundancy
        best = max(left, key=marginal)
        chosen.append(best)
        left.remove(best)
    return chosen

store = SimpleVectorStore()
store.add([TextNode(text=name, id_=name, embedding=row) for name, row in ROWS.items()])
query = VectorStoreQuery(query_embedding=QUERY, similarity_top_k=3, mode=VectorStoreQueryMode.MMR)
came = list(store.query(query, mmr_threshold=THRESHOLD).ids)
print("expected by the formula:", by_formula(3), "; came:", came)
assert by_formula(3) == ["a", "b", "other"]
assert came == ["a", "b", "copy"]
PY
