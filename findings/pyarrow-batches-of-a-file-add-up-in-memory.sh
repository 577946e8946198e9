#!/usr/bin/env bash
# One would guess: ParquetFile.iter_batches() streams. It gives a few rows at a time, so memory should hold about
# one row group, however many the file has.
#
# What happens: of a column of lists, what was decoded of earlier row groups stays until the iteration ends. A file of
# 10 row groups takes several times the memory of the same rows asked for one row group after the other, although
# every batch is dropped before the next one. Seen with pyarrow 26.0.1, its own pool of memory, Linux.
#
# Who streams a file of vectors asks for its row groups one by one: iter_batches(row_groups=[i]).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.6
cat > "$place/read.py" << 'PY'
import sys

import pyarrow as pa
import pyarrow.parquet as pq

file = pq.ParquetFile(sys.argv[1])
groups = [list(range(file.num_row_groups))] if sys.argv[2] == "together" else [[i] for i in range(file.num_row_groups)]
for some in groups:
    for batch in file.iter_batches(batch_size=8192, row_groups=some):
        del batch
print(pa.default_memory_pool().max_memory() >> 20)
PY
cat > "$place/write.py" << 'PY'
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

rows = np.random.default_rng(0).standard_normal((200_000, 128), dtype=np.float32)
vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), 128)
pq.write_table(pa.table({"vector": vectors}), sys.argv[1], row_group_size=20_000, compression="none", use_dictionary=False)
PY
"$place/venv/bin/python" "$place/write.py" "$place/a.parquet"
together=$("$place/venv/bin/python" "$place/read.py" "$place/a.parquet" together)
apart=$("$place/venv/bin/python" "$place/read.py" "$place/a.parquet" apart)
"$place/venv/bin/python" -c "import pyarrow; print('pyarrow', pyarrow.__version__)"
echo "10 row groups of 10 MiB: at most $together MiB in pyarrow's pool, and $apart MiB when they are asked for one by one"
if [ "$together" -lt $((3 * apart)) ]; then
    echo "CHANGED: the batches of a file no longer add up"
    exit 1
fi
