#!/usr/bin/env bash
# One would guess: add_texts of a vector store adds, so that after two calls the texts of both are there.
# What happens: the LanceDB store has mode="overwrite" as its default, and hands it to the table with every call after the
# one that made the table: each add_texts removes what was there before it. mode="append" has to be asked for.
# langchain-community 0.4.2, lancedb 0.40.0; seen by running it (vectorstores/lancedb.py, add_texts).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check langchain-community==0.4.2 langchain-core==1.8.3 lancedb==0.40.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
from langchain_community.vectorstores import LanceDB
from langchain_core.embeddings import DeterministicFakeEmbedding

print("langchain-community", version("langchain-community"), "lancedb", version("lancedb"))

def texts_after_three_calls(folder, **options):
    store = LanceDB(uri=folder, embedding=DeterministicFakeEmbedding(size=8), **options)
    for text in ("tea", "coffee", "cocoa"):
        store.add_texts([text], [{"text": text}])
    return sorted(document.page_content for document in store.similarity_search("tea", k=10))

plain, appended = texts_after_three_calls("plain"), texts_after_three_calls("append", mode="append")
print("expected: ['cocoa', 'coffee', 'tea']; came:", plain, "; with mode='append':", appended)
assert plain == ["cocoa"]
assert appended == ["cocoa", "coffee", "tea"]
PY
