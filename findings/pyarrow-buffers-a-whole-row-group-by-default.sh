#!/usr/bin/env bash
# One would guess: ParquetFile(path, buffer_size=...) with iter_batches(batch_size=...) holds a few buffers and a batch, for
# buffers have a size and batches come one by one.
# What happens: pre_buffer, whose default is True, reads the columns of the whole row group first, so that memory is that of
# the group whatever buffer_size says; with pre_buffer=False it is a small part of it.
# pyarrow 26.0.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/a.parquet" <<'PY'
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

print("pyarrow", pa.__version__)
numbers = np.random.default_rng(0).normal(size=100_000 * 64).astype(np.float32)
lists = pa.FixedSizeListArray.from_arrays(pa.array(numbers), 64)
pq.write_table(pa.table({"vector": lists}), sys.argv[1], row_group_size=100_000)


def peak(**options):
    before, most = pa.total_allocated_bytes(), 0
    with pq.ParquetFile(sys.argv[1], buffer_size=1 << 20, **options) as file:
        for _ in file.iter_batches(batch_size=1000):
            most = max(most, pa.total_allocated_bytes() - before)
    return most


default, without = peak(), peak(pre_buffer=False)
print(f"a row group of {numbers.nbytes >> 20} MB: at most {default >> 20} MB held, "
      f"{without >> 20} MB with pre_buffer=False")
assert default > numbers.nbytes * 0.9
assert without < numbers.nbytes / 3
PY
