#!/usr/bin/env bash
# One would guess: the configuration of a collection says by which distance it answers.
# What happens: of a collection that release 0.4 made with "hnsw:space" in its metadata, the configuration says l2 and
# the default parameters. It answers by the space of its metadata, as before.
# chromadb 0.4.24 and 1.5.9; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for release in "chromadb==0.4.24 numpy==1.26.4" "chromadb==1.5.9 numpy==2.4.6"; do
  name=venv-${release:10:3}
  python3 -m venv "$name"
  # shellcheck disable=SC2086 - several words
  "$name/bin/pip" install --quiet --disable-pip-version-check $release
done
export ANONYMIZED_TELEMETRY=False
venv-0.4/bin/python - <<'PY'
import chromadb

client = chromadb.PersistentClient("docs")
space = {"hnsw:space": "ip", "hnsw:M": 8}
docs = client.create_collection("docs", metadata=space)
docs.add(ids=["a"], embeddings=[[3.0, 4.0]])
PY
venv-1.5/bin/python - <<'PY'
import chromadb

print("chromadb", chromadb.__version__)
docs = chromadb.PersistentClient("docs").get_collection("docs", embedding_function=None)
answer = docs.query(query_embeddings=[[3.0, 4.0]], n_results=1)["distances"]
hnsw = docs.configuration_json["hnsw"]
print("given ip and M 8; metadata", docs.metadata, "; configuration", hnsw, "; distance", answer)
assert docs.metadata["hnsw:space"] == "ip"
assert (hnsw["space"], hnsw["max_neighbors"]) == ("l2", 16)
assert answer == [[1 - 25.0]]  # l2 would be 0
PY
