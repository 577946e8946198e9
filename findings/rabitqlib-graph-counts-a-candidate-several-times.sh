#!/usr/bin/env bash
# One would guess: a search in a graph with as many candidates (ef) as there are vectors keeps all of them, so that with k
# as large it returns every vector, whatever the query.
# What happens: for many queries it ends with RuntimeError ("QuantizedGraph search could not produce k results"). A vector
# stands among the candidates once for each neighbor that it was estimated from, so that ef candidates are fewer vectors;
# with twice as many candidates as vectors every query is answered. Here lengths differ (gamma), under L2.
# rabitqlib 0.7.1, SymqgIndex, whose graph is another one each time it is built; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rabitqlib==0.7.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
from rabitqlib import SymqgIndex

print("rabitqlib", version("rabitqlib"))
rng = np.random.default_rng(0)
count = 1000
vectors = (rng.normal(size=(count, 64)) * rng.gamma(1, 1, size=(count, 1))).astype(np.float32)
index = SymqgIndex(64, 32, "l2")
index.build(vectors, 200)
refused = {}
for ef in (count, 2 * count):
    refused[ef] = 0
    for query in vectors[:200]:
        try:
            ids = index.search(query[None], count, ef)[0][0]
        except RuntimeError as error:
            assert "could not produce k results" in str(error)
            refused[ef] += 1
        else:
            assert sorted(ids.tolist()) == list(range(count))
    print(f"ef={ef}: of 200 searches for all {count} vectors, {refused[ef]} ended with an error")
assert refused[count] > 20 and refused[2 * count] == 0
PY
