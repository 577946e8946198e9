#!/usr/bin/env bash
# One would guess: UMAP(metric="precomputed") takes the sparse graph of nearest neighbours that KNeighborsTransformer
# makes, as TSNE, DBSCAN, Isomap and LocalOutlierFactor of scikit-learn do.
# What happens: "Sparse precomputed distance matrices should be symmetrical!" A graph of nearest neighbours hardly ever
# is: a row need not be near to its neighbour's neighbours. graph.maximum(graph.T) is taken.
# umap-learn 0.5.12 with scikit-learn 1.9.1; seen by running it, and read in umap/umap_.py, UMAP.fit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check umap-learn==0.5.12 scikit-learn==1.9.1
cd "$folder"
cat > show.py <<'PY'
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
import umap
from sklearn.datasets import load_iris
from sklearn.manifold import TSNE
from sklearn.neighbors import KNeighborsTransformer

print("umap-learn", version("umap-learn"), "scikit-learn", version("scikit-learn"))
X = load_iris().data
graph = KNeighborsTransformer(n_neighbors=100).fit_transform(X)
shape = TSNE(metric="precomputed", init="random").fit_transform(graph).shape
print("TSNE takes the graph:", shape)
model = umap.UMAP(metric="precomputed", n_neighbors=15, random_state=0)
try:
    model.fit_transform(graph)
    came = "an embedding"
except ValueError as error:
    came = str(error)
print("expected of UMAP: an embedding; came:", came)
print("UMAP of the symmetric graph:", model.fit_transform(graph.maximum(graph.T)).shape)
assert "symmetrical" in came
PY
"$folder/venv/bin/python" show.py
