#!/usr/bin/env bash
# One would guess: relevance scores are higher for better hits, whatever the distance strategy of the store.
# What happens: the FAISS store under MAX_INNER_PRODUCT returns 1 - q.v for positive and -q.v for other products. The best
# hit (q.v = 3) has relevance -2, the opposite vector has 1, and a score_threshold keeps the worst rows and drops the best.
# langchain-community 0.4.2, langchain-core 1.8.3; seen by running it (vectorstores/base.py, the relevance functions).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check langchain-community==0.4.2 langchain-core==1.8.3 faiss-cpu==1.15.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
from langchain_community.vectorstores import FAISS
from langchain_community.vectorstores.utils import DistanceStrategy
from langchain_core.embeddings import Embeddings

print("langchain-community", version("langchain-community"), "langchain-core", version("langchain-core"))
VECTORS = {"best": [3.0, 4.0], "good": [1.0, 0.0], "opposite": [-1.0, 0.0], "query": [1.0, 0.0]}

class Table(Embeddings):
    def embed_documents(self, texts):
        return [VECTORS[text] for text in texts]

    def embed_query(self, text):
        return VECTORS[text]

store = FAISS.from_texts(
    ["best", "good", "opposite"], Table(), distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT
)

def rows(hits):
    return {hit.page_content: float(score) for hit, score in hits}

print("inner products:", rows(store.similarity_search_with_score("query", k=3)))
relevance = rows(store.similarity_search_with_relevance_scores("query", k=3))
above = rows(store.similarity_search_with_relevance_scores("query", k=3, score_threshold=0.5))
print("relevance:", relevance, "; above 0.5:", above)
assert relevance == {"best": -2.0, "good": 0.0, "opposite": 1.0}
assert list(above) == ["opposite"]
PY
