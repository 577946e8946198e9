#!/usr/bin/env bash
# One would guess: set_payload leaves vectors alone, and the local mode keeps them as they were given, which its file
# does after upsert.
# What happens: under Cosine it writes the point again with the vector that it has in memory, which is at unit length:
# the length is lost on disk, of that point alone.
# qdrant-client 1.20.0 (local mode); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check qdrant-client==1.20.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from qdrant_client import QdrantClient, models

print("qdrant-client", version("qdrant-client"))
client = QdrantClient(path="points")
space = models.VectorParams(size=2, distance=models.Distance.COSINE)
client.create_collection("docs", vectors_config=space)
given = [3.0, 4.0]
client.upsert("docs", [models.PointStruct(id=one, vector=given, payload={}) for one in (1, 2)])
client.set_payload("docs", {"seen": True}, points=[2])
client.close()
client = QdrantClient(path="points")  # which loads what the file has
points = {point.id: point.vector for point in client.retrieve("docs", [1, 2], with_vectors=True)}
print("given", given, "; after upsert", points[1], "; after set_payload", points[2])
assert points[1] == given
assert all(abs(one - other) < 1e-6 for one, other in zip(points[2], [0.6, 0.8]))
PY
