#!/usr/bin/env bash
# One would guess: an index that is opened with read_only=True answers as it does otherwise.
# What happens: where its graph search has no function for the pair of distance and type ("Cosine" and "Angle" of Byte
# objects, "Hamming" and "Jaccard" of Float ones), it takes that of L2: other distances, other neighbours, no word. Opened
# for writing, and by linear_search, the same index answers by its own distance.
# ngt 2.8.0.post1 (ngtpy); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ngt==2.8.0.post1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import ngtpy
import numpy as np

print("ngt", version("ngt"))
rows = np.array([[1, 1], [100, 100], [3, 4]], dtype=np.float32)
l2 = [(0, 0.0), (2, 13**0.5), (1, 99 * 2**0.5)]

def equal(hits, others):
    return [one for one, _ in hits] == [one for one, _ in others] and np.allclose([d for _, d in hits], [d for _, d in others])

pairs = (("Byte", "Cosine"), ("Byte", "Angle"), ("Float", "Hamming"), ("Float", "Jaccard"), ("Float", "Cosine"), ("Byte", "Hamming"))
for kind, distance in pairs:
    name = f"{kind}-{distance}"
    ngtpy.create(name, 2, distance_type=distance, object_type=kind)
    index = ngtpy.Index(name)
    index.batch_insert(rows.astype(np.uint8) if kind == "Byte" else rows, num_threads=1)
    index.save()
    index.close()
    own = ngtpy.Index(name).search(rows[0], 3)
    index = ngtpy.Index(name, read_only=True)
    hits = index.search(rows[0], 3)
    print(name, "for writing", own, "read only", hits)
    assert equal(index.linear_search(rows[0], 3), own) and not equal(own, l2)
    assert equal(hits, l2 if pairs.index((kind, distance)) < 4 else own)
PY
