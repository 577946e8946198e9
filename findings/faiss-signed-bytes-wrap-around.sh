#!/usr/bin/env bash
# One would guess: a scalar quantizer of type 8bit_direct_signed rounds a number to the nearest of -128..127, and a
# larger one to 127, as a quantizer of bytes does.
# What happens: numbers are cut downwards after 128 was added, and larger ones wrap around: 200 becomes -56, 1.9 becomes
# 1 and -1.1 becomes -2. QT_fp16 beside it makes inf of 1e6. Nothing is said, and searches go on with these.
# faiss-cpu 1.15.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check faiss-cpu==1.15.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import faiss
import numpy as np

print("faiss-cpu", version("faiss-cpu"))
given = np.array([[200, -200, 1.9, -1.1]], np.float32)


def stored(kind, rows):
    index = faiss.IndexScalarQuantizer(rows.shape[1], kind)
    index.train(rows)
    index.add(rows)
    return index.reconstruct(0).tolist()


own = stored(faiss.ScalarQuantizer.QT_8bit_direct_signed, given)
print("given", given[0].tolist(), "; stored as signed bytes", own)
assert own == [-56, 56, 1, -2]
nearest = np.clip(np.rint(given[0]), -128, 127).tolist()
print("one would guess", nearest)
assert own != nearest
half = stored(faiss.ScalarQuantizer.QT_fp16, np.array([[1e6]], np.float32))
print("1e6 as fp16:", half)
assert half == [float("inf")]
PY
