#!/usr/bin/env bash
# One would guess: NOT over several conditions drops every row that meets any of them, as in LlamaIndex, and as must_not
# does in Qdrant.
# What happens: Haystack's in-memory store drops only the rows that meet all of them. NOT over "x == 1" and "x == 2" drops
# no row at all, since none is both. A filter that is carried over word for word lets rows through.
# haystack-ai 3.4.1, llama-index-core 0.14.25; seen by running them (haystack/utils/filters.py: _not is not _and).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check haystack-ai==3.4.1 llama-index-core==0.14.25 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from haystack import Document
from haystack.document_stores.in_memory import InMemoryDocumentStore
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import FilterCondition, MetadataFilter, MetadataFilters, SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery

print("haystack-ai", version("haystack-ai"), "llama-index-core", version("llama-index-core"))
haystack = InMemoryDocumentStore()
haystack.write_documents([Document(id=str(x), content="", meta={"x": x}) for x in (1, 2, 3)])
conditions = [{"field": "meta.x", "operator": "==", "value": x} for x in (1, 2)]
documents = haystack.filter_documents({"operator": "NOT", "conditions": conditions})

llama = SimpleVectorStore()
llama.add([TextNode(text="", id_=str(x), metadata={"x": x}, embedding=[1.0]) for x in (1, 2, 3)])
filters = MetadataFilters(
    condition=FilterCondition.NOT, filters=[MetadataFilter(key="x", value=x) for x in (1, 2)]
)
query = VectorStoreQuery(query_embedding=[1.0], similarity_top_k=3, filters=filters)

ids = {"Haystack": sorted(document.id for document in documents), "LlamaIndex": sorted(llama.query(query).ids)}
print("rows 1, 2 and 3, NOT over (x == 1, x == 2):", ids)
assert ids == {"Haystack": ["1", "2", "3"], "LlamaIndex": ["3"]}
PY
