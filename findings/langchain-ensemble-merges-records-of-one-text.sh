#!/usr/bin/env bash
# One would guess: two documents with ids of their own, from two vector stores, are two results of a fused search.
# What happens: documents with the same text are one, whatever their ids and metadata are. Their ranks are added up, so that
# a text that several records share outranks a better one, and only the record that came first is returned. With id_key the
# field of the metadata decides; the documents' own ids never do.
# langchain-classic 1.0.8 (retrievers/ensemble.py, weighted_reciprocal_rank); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check langchain-classic==1.0.8 langchain-core==1.8.3
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from langchain_classic.retrievers import EnsembleRetriever
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

print("langchain-classic", version("langchain-classic"), "langchain-core", version("langchain-core"))


class Fixed(BaseRetriever):
    documents: list[Document]

    def _get_relevant_documents(self, query, *, run_manager):
        return self.documents


def listed(*ids):
    texts = {"terms-2019": "As agreed.", "terms-2024": "As agreed."}
    return Fixed(documents=[Document(id=one, page_content=texts.get(one, one)) for one in ids])


lists = [listed("best", "terms-2019"), listed("other", "terms-2024")]
found = [one.id for one in EnsembleRetriever(retrievers=lists).invoke("terms")]
print("four documents with four ids:", found)
assert found == ["terms-2019", "best", "other"]
PY
