#!/usr/bin/env bash
# One would guess: the same release of bm25s gives the same texts the same scores, with its dtype float32.
# What happens: shares are computed in whatever numpy makes of a float32 array and a float64 scalar (the average length):
# float32 with numpy 1, float64 with numpy 2 (NEP 50), and stored as float32 then. The last digits differ, and so may the
# order of hits that are nearly equal.
# bm25s 0.3.16 (bm25s/scoring.py, _score_tfc_*); seen by running it with numpy 1.26.4 and 2.4.6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/scores.py" <<'PY'
import random
import sys
from importlib.metadata import version

import bm25s

chosen = random.Random(1)
words = [f"w{number}" for number in range(20)]
texts = [chosen.choices(words, k=chosen.randint(1, 60)) for _ in range(200)]
model = bm25s.BM25()
model.index(texts, show_progress=False)
print("bm25s", version("bm25s"), "numpy", version("numpy"), file=sys.stderr)
for word in words:
    print(model.get_scores([word]).tobytes().hex())
PY
for release in 1.26.4 2.4.6; do
    python3 -m venv "$folder/$release"
    "$folder/$release/bin/pip" install --quiet --disable-pip-version-check bm25s==0.3.16 "numpy==$release"
    "$folder/$release/bin/python" "$folder/scores.py" > "$folder/scores-$release"
done
python3 - "$folder" <<'PY'
import array
import sys

numbers = []
for release in ("1.26.4", "2.4.6"):
    lines = open(f"{sys.argv[1]}/scores-{release}", encoding="utf-8").read().split()
    numbers.append([n for line in lines for n in array.array("f", bytes.fromhex(line))])
different = sum(a != b for a, b in zip(*numbers))
largest = max(abs(a - b) / b for a, b in zip(*numbers) if b)
print(f"expected: no score differs; {different} of {len(numbers[0])} do, by up to {largest:.1e} of the score")
assert different > len(numbers[0]) // 10 and largest < 1e-6
PY
