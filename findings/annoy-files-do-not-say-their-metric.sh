#!/usr/bin/env bash
# One would guess: a saved index says what metric and how many dimensions it is of, and refuses others.
# What happens: a file of annoy is bare nodes. One of 4 dimensions under "angular" opens without a word as 3 dimensions
# under "euclidean", since their nodes are of one size, and answers with numbers that mean nothing.
# annoy 1.17.3; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check annoy==1.17.3
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from annoy import AnnoyIndex

print("annoy", version("annoy"))
index = AnnoyIndex(4, "angular")
for i in range(3):
    index.add_item(i, [i + 1.0, 2.0, 3.0, 4.0])
index.build(1)
index.save("index.ann")
other = AnnoyIndex(3, "euclidean")
other.load("index.ann")
print("items:", other.get_n_items(), "; item 0 of (1, 2, 3, 4):", other.get_item_vector(0))
assert other.get_n_items() == index.get_n_items()
assert other.get_item_vector(0) != [1.0, 2.0, 3.0]
PY
