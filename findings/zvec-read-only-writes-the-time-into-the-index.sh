#!/usr/bin/env bash
# One would guess: a collection that is opened with read_only=True is not written to.
# What happens: opening and closing it changes bytes of the vector index: the time in its head, and checksums. A backup
# by checksums sees another file, and a reader needs the right to write.
# zvec 0.8.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zvec==0.8.0 numpy==2.4.6
cd "$folder"
cat > make.py <<'PY'
import zvec

index = zvec.HnswIndexParam(metric_type=zvec.MetricType.L2)
vectors = [zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, dimension=2, index_param=index)]
schema = zvec.CollectionSchema(name="docs", fields=[], vectors=vectors)
collection = zvec.create_and_open(path="docs", schema=schema)
collection.insert([zvec.Doc(id="a", vectors={"v": [1.0, 2.0]})])
collection.flush()
PY
cat > read.py <<'PY'
from importlib.metadata import version

import zvec

collection = zvec.open("docs", option=zvec.CollectionOption(read_only=True, enable_mmap=False))
print("zvec", version("zvec"), collection.stats)
PY
"$folder/venv/bin/python" make.py
before=$(find docs -type f -exec sha256sum {} + | sort)
sleep 2
"$folder/venv/bin/python" read.py
after=$(find docs -type f -exec sha256sum {} + | sort)
changed=$(comm -13 <(echo "$before") <(echo "$after") | awk '{print $2}')
echo "expected no change; changed: $changed"
[[ $changed == *proxima ]]
