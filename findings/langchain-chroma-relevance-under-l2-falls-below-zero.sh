#!/usr/bin/env bash
# One would guess: relevance scores are between 0 and 1, as LangChain says of them, for unit vectors at least.
# What happens: under Chroma's default space, l2, the store returns 1 - d / sqrt(2), which is made for Euclidean
# distances of unit vectors, and gives it the squared distance: an orthogonal unit vector has -0.414 and the opposite one
# -1.83. LangChain warns of each, and filters by score_threshold all the same.
# langchain-chroma 1.1.0, langchain-core 1.8.3, chromadb 1.5.9; seen by running it (_select_relevance_score_fn).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check langchain-chroma==1.1.0 langchain-core==1.8.3 chromadb==1.5.9 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings

print("langchain-chroma", version("langchain-chroma"), "chromadb", version("chromadb"))
VECTORS = {"same": [1.0, 0.0], "orthogonal": [0.0, 1.0], "opposite": [-1.0, 0.0], "query": [1.0, 0.0]}

class Table(Embeddings):
    def embed_documents(self, texts):
        return [VECTORS[text] for text in texts]

    def embed_query(self, text):
        return VECTORS[text]

store = Chroma.from_texts(["same", "orthogonal", "opposite"], Table())
hits = store.similarity_search_with_relevance_scores("query", k=3)
relevance = {hit.page_content: round(float(score), 3) for hit, score in hits}
print("expected: numbers from 0 to 1; came:", relevance)
assert relevance == {"same": 1.0, "orthogonal": -0.414, "opposite": -1.828}
PY
