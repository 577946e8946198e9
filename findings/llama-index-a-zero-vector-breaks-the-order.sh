#!/usr/bin/env bash
# One would guess: in a store that ranks by cosine, a zero vector has no similarity of its own (0, NaN or an error), and
# the other rows are ranked as if it were not there.
# What happens: SimpleVectorStore computes NaN for it and sorts with it, so that where the NaN lies decides about its
# neighbours: here the row with similarity 0.6 comes before the one with 1.0, and the best hit alone is the wrong one.
# llama-index-core 0.14.25; seen by running it (indices/query/embedding_utils.py: a heap of pairs that begin with NaN).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check llama-index-core==0.14.25 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from importlib.metadata import version

from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery

warnings.simplefilter("ignore")
print("llama-index-core", version("llama-index-core"))

def ranked(vectors, k):
    store = SimpleVectorStore()
    store.add([TextNode(text=name, id_=name, embedding=vector) for name, vector in vectors.items()])
    answer = store.query(VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=k))
    return list(zip(answer.ids, map(float, answer.similarities)))

vectors = {"same": [1.0, 0.0], "zero": [0.0, 0.0], "near": [3.0, 4.0], "opposite": [-1.0, 0.0]}
without = {name: vector for name, vector in vectors.items() if name != "zero"}
print("without the zero vector:", ranked(without, 3))
print("with it:", ranked(vectors, 4), "; the best one:", ranked(vectors, 1))
assert [name for name, _ in ranked(without, 3)] == ["same", "near", "opposite"]
with_zero = [name for name, _ in ranked(vectors, 4)]
assert with_zero.index("near") < with_zero.index("same")
PY
