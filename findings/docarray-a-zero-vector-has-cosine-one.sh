#!/usr/bin/env bash
# One would guess: the cosine similarity of a zero vector is 0 or NaN, and it comes after the vectors that point somewhere
# near.
# What happens: a small number is added to both sides of the fraction, so that 0 / 0 becomes 1: a zero vector is as similar
# to every query as the query itself, and comes before every vector that is not parallel. A zero query gives 1 for all.
# docarray 0.41.0; seen by running it (computation/numpy_backend.py: cosine_sim).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check docarray==0.41.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
from docarray import BaseDoc, DocList
from docarray.index import InMemoryExactNNIndex
from docarray.typing import NdArray

print("docarray", version("docarray"))

class Row(BaseDoc):
    name: str
    v: NdArray[2]

vectors = {"zero": [0, 0], "near": [10, 1], "opposite": [-1, 0]}
rows = DocList[Row]([Row(name=name, v=np.array(vector, dtype=np.float32)) for name, vector in vectors.items()])
index = InMemoryExactNNIndex[Row](rows)
answers = {}
for query in ([1.0, 0.0], [0.0, 0.0]):
    hits = index.find(np.array(query), search_field="v", limit=3)
    answers[str(query)] = {row.name: round(float(score), 4) for row, score in zip(hits.documents, hits.scores)}
print(answers)
assert answers["[1.0, 0.0]"] == {"zero": 1.0, "near": 0.995, "opposite": -1.0}
assert list(answers["[1.0, 0.0]"]) == ["zero", "near", "opposite"]
assert set(answers["[0.0, 0.0]"].values()) == {1.0}
PY
