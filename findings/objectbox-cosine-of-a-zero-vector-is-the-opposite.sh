#!/usr/bin/env bash
# One would guess: a zero vector has no direction, and counts as orthogonal (distance 1), or as NaN, or is left out.
# What happens: under COSINE it is at distance 2 from everything, as far as a vector that points the other way, and a
# query of zeros is at distance 2 from every row, rows of zeros included.
# objectbox 5.0.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check objectbox==5.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import objectbox
from objectbox import Entity, Float32Vector, HnswIndex, Id, Store, VectorDistanceType

print("objectbox", objectbox.version)

@Entity()
class Row:
    id = Id
    v = Float32Vector(index=HnswIndex(dimensions=2, distance_type=VectorDistanceType.COSINE))

box = Store(directory="db").box(Row)
for vector in ([1, 0], [0, 1], [-1, 0], [0, 0]):
    box.put(Row(v=np.array(vector, dtype=np.float32)))

def distances(query):
    hits = box.query(Row.v.nearest_neighbors(query, 4)).build().find_with_scores()
    return {str(row.v.tolist()): round(score, 4) for row, score in hits}

from_axis, from_zero = distances([1.0, 0.0]), distances([0.0, 0.0])
print("from (1, 0):", from_axis, "; from (0, 0):", from_zero)
assert from_axis == {"[1.0, 0.0]": 0, "[0.0, 1.0]": 1, "[-1.0, 0.0]": 2, "[0.0, 0.0]": 2}
assert set(from_zero.values()) == {2}
PY
