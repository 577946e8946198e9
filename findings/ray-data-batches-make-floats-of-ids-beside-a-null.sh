#!/usr/bin/env bash
# One would guess: whole numbers of 64 bits go through map_batches as they are, and a null among them stays a null.
# What happens: map_batches gives batches as numpy arrays, where a column of whole numbers with a null in its batch is
# float64: 2**60 + 1 comes out as 2**60, null as nan, and what is written back is a column of doubles. Batches without a
# null stay whole, so only some ids are changed. batch_format="pandas" and "pyarrow" keep them.
# Ray 2.60.0 (ray.data) with numpy 2.4.6, pandas 3.0.5 and pyarrow 26.0.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'ray[data]==2.60.0' numpy==2.4.6 pandas==3.0.5 pyarrow==26.0.1
cd "$folder"
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0
"$folder/venv/bin/python" - <<'PY' 2>error.log
import pyarrow as pa
import ray
import ray.data

print("Ray", ray.__version__)
ray.init(num_cpus=1, object_store_memory=80_000_000, include_dashboard=False, log_to_driver=False, logging_level="error")
big = 2**60 + 1
ids = ray.data.from_arrow([pa.table({"id": pa.array([big, None])}), pa.table({"id": pa.array([big, 7])})])


def through(**options):
    """The ids after a function that returns its batch as it is, and the type of their column."""
    dataset = ids.map_batches(lambda batch: batch, **options)
    return [row["id"] for row in dataset.take_all()]


default, pandas, arrow = through(batch_size=2), through(batch_size=2, batch_format="pandas"), through(batch_format="pyarrow")
print("expected:", [big, None, big, 7])
print("default ->", default)
print("pandas ->", pandas)
print("pyarrow ->", arrow)
assert arrow == [big, None, big, 7]
assert default[0] == 2**60 and default[0] != big and default[1] != default[1] and isinstance(default[0], float)
assert default[2:] == [big, 7]
assert pandas == [big, None, big, 7]
ray.shutdown()
PY
