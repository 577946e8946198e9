#!/usr/bin/env bash
# One would guess: the same two rankings give the same fused ranking, today and tomorrow.
# What happens: Condorcet fusion sorts by a comparison that is no order (where two hits beat each other equally often, each
# comes before the other), and begins with a Python set of texts. The result depends on the hash seed: another process
# puts another hit first.
# ranx 0.3.21 (ranx/fusion/condorcet.py, _compare and get_candidates); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ranx==0.3.21
cd "$folder"
cat > fuse.py <<'PY'
from ranx import Run, fuse

words = Run.from_dict({"q": {"a": 12.5, "b": 9.0, "c": 3.0, "d": 1.0}})
vectors = Run.from_dict({"q": {"c": 0.9, "a": 0.8, "e": 0.7, "b": 0.1}})
fused = fuse([words, vectors], norm=None, method="condorcet")
print(" ".join(dict(fused.run["q"])))
PY
"$folder/venv/bin/python" -c 'from importlib.metadata import version; print("ranx", version("ranx"))'
for seed in 1 2 3 4 5 6; do
    PYTHONHASHSEED=$seed "$folder/venv/bin/python" fuse.py 2>/dev/null | tail -1
done | tee rankings
echo "expected: one ranking; there are $(sort -u rankings | wc -l)"
test "$(sort -u rankings | wc -l)" -gt 1
