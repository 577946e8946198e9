#!/usr/bin/env bash
# One would guess: a run of Python floats is ranked by them, so that a document with 1.0 stands before one with
# 1.0 - 1e-9, and the reciprocal rank of the first is 1.
# What happens: scores become float32 (pytrec_eval hands them to trec_eval, which stores a float), the two are equal,
# and equal ones are ranked by their ids, from the end of the alphabet. RR is 1.0 or 0.5, by how the documents are
# called. Cosines near 1 and sums of ranks collide like this. ranx 0.3.21 ranks the same run by the floats.
# ir_measures 0.4.3; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ir_measures==0.4.3 \
    pytrec_eval-terrier==0.5.11 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import ir_measures
from ir_measures import RR

print("ir_measures", ir_measures.__version__)
found = {}
for relevant, other in (("a", "b"), ("b", "a")):
    run = {"q": {relevant: 1.0, other: 1.0 - 1e-9}}
    found[relevant] = ir_measures.calc_aggregate([RR], {"q": {relevant: 1}}, run)[RR]
print("expected: RR 1.0 for both names of the best document; came:", found)
assert found == {"a": 0.5, "b": 1.0}
PY
