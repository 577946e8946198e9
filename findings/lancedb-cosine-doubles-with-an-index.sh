#!/usr/bin/env bash
# One would guess: an index makes a search faster and less exact; the distances it returns estimate those of a search
# without it.
# What happens: under cosine, _distance is 1 - cos without an index, and about 2 * (1 - cos) once there is an IVF_PQ index
# (what create_index makes by default) or another quantised one. A threshold that was right yesterday keeps half as much.
# With refine_factor the numbers are 1 - cos again. l2 and dot do not double.
# lancedb 0.40.0; seen by running it (Lance: rust/lance-index, vectors are normalised and compared by squared l2).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lancedb==0.40.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import IvfPq

print("lancedb", lancedb.__version__)
rng = np.random.default_rng(0)
numbers = pa.array(rng.standard_normal(1000 * 16, dtype=np.float32))
table = lancedb.connect("db").create_table(
    "t", pa.table({"id": range(1000), "vector": pa.FixedSizeListArray.from_arrays(numbers, 16)})
)
query = rng.standard_normal(16, dtype=np.float32)

def nearest(limit, **options):
    search = table.search(query).distance_type("cosine").limit(limit)
    for option, value in options.items():
        search = getattr(search, option)(value)
    return {row["id"]: row["_distance"] for row in search.to_list()}

before = nearest(1000)
table.create_index("vector", config=IvfPq(distance_type="cosine", num_partitions=1, num_sub_vectors=8))
ratios = {
    "with the index": nearest(10),
    "with the index and refine_factor": nearest(10, refine_factor=5),
}
ratios = {how: float(np.median([new / before[id] for id, new in rows.items()])) for how, rows in ratios.items()}
print("_distance as a multiple of the one without an index:", ratios)
assert 1.8 < ratios["with the index"] < 2.2
assert abs(ratios["with the index and refine_factor"] - 1) < 0.001
PY
