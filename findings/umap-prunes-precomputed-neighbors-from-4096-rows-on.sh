#!/usr/bin/env bash
# One would guess: UMAP(n_neighbors=10, precomputed_knn=...) of 30 neighbours takes the first 10 of each row, as a
# comment there says ("we simply prune it"), however many rows there are.
# What happens: below 4,096 rows all 30 are taken, and the graph has three times the edges; from 4,096 rows on 10 are.
# Cut the arrays to n_neighbors columns.
# umap-learn 0.5.12; seen by running it, and read in umap/umap_.py, _validate_parameters: the pruning is an elif of the
# branch for fewer than 4,096 rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check umap-learn==0.5.12
cd "$folder"
cat > show.py <<'PY'
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
import numpy as np
import umap
from umap.umap_ import nearest_neighbors

print("umap-learn", version("umap-learn"))
edges = {}
for rows in (4095, 4096):
    X = np.random.default_rng(0).normal(size=(rows, 8)).astype(np.float32)
    ids, distances, _ = nearest_neighbors(X, 30, "euclidean", {}, False, np.random.RandomState(0))
    for width in (10, 30):
        knn = ids[:, :width].copy(), distances[:, :width].copy()
        options = {"n_epochs": 1, "init": "random", "random_state": 0, "n_jobs": 1}
        model = umap.UMAP(n_neighbors=10, precomputed_knn=knn, **options).fit(X)
        edges[rows, width] = model.graph_.nnz
    print(f"{rows} rows, n_neighbors=10: edges of 10 columns {edges[rows, 10]:,}, of 30 {edges[rows, 30]:,}")
print("expected: the same number of edges in each line")
assert edges[4096, 10] == edges[4096, 30]
assert edges[4095, 30] > 2 * edges[4095, 10]
PY
"$folder/venv/bin/python" show.py
