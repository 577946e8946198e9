#!/usr/bin/env bash
# One would guess: the same filter finds the same points in Qdrant's two engines for one process, the local mode of
# qdrant-client and Qdrant Edge.
# What happens: a match of True finds the points that hold True in the local mode, and those that hold the number 1 in
# Qdrant Edge, whose Python binding reads a bool as an integer. Points that hold a bool cannot be asked for there.
# qdrant-edge-py 0.9.0, qdrant-client 1.20.0; seen by running them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check qdrant-edge-py==0.9.0 qdrant-client==1.20.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import qdrant_edge as edge
from qdrant_client import QdrantClient, models

print("qdrant-edge-py", version("qdrant-edge-py"), "qdrant-client", version("qdrant-client"))
payloads = {1: {"x": True}, 2: {"x": False}, 3: {"x": 1}, 4: {"x": 0}}
client = QdrantClient(":memory:")
client.create_collection("c", vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT))
client.upsert("c", [models.PointStruct(id=i, vector=[1, 0], payload=p) for i, p in payloads.items()])
config = edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=2, distance=edge.Distance.Dot))
shard = edge.EdgeShard.create("shard", config)
points = [edge.Point(id=i, vector=[1.0, 0.0], payload=p) for i, p in payloads.items()]
shard.update(edge.UpdateOperation.upsert_points(points))

def local(value):
    match = models.FieldCondition(key="x", match=models.MatchValue(value=value))
    return [point.id for point in client.scroll("c", scroll_filter=models.Filter(must=[match]))[0]]

def embedded(value):
    match = edge.FieldCondition(key="x", match=edge.MatchValue(value=value))
    return [point.id for point in shard.scroll(edge.ScrollRequest(filter=edge.Filter(must=[match])))[0]]

ids = {value: (local(value), embedded(value)) for value in (True, False)}
print("points that match, in the local mode and in Edge:", ids, "of", payloads)
assert ids == {True: ([1], [3]), False: ([2], [4])}
PY
