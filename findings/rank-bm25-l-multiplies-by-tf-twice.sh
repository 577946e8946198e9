#!/usr/bin/env bash
# One would guess: BM25L is the formula of Lv and Zhai (SIGIR 2011), idf (k1 + 1) (c + delta) / (k1 + c + delta), whose tf
# part cannot exceed k1 + 1 however often a word occurs.
# What happens: rank_bm25's BM25L multiplies that by tf once more. It does not saturate: a text with the word a hundred
# times scores about a hundred times as much as the bound, and long repetitive texts come first.
# rank-bm25 0.2.2 (rank_bm25.py, BM25L.get_scores); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rank-bm25==0.2.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

from rank_bm25 import BM25L

print("rank-bm25", version("rank-bm25"))
texts = [["fox"] * times + ["den"] * (100 - times) for times in (1, 10, 100)] + [["owl"] * 100] * 9
model = BM25L(texts)
bound = model.idf["fox"] * (model.k1 + 1)
scores = model.get_scores(["fox"])[:3]
for times, score in zip((1, 10, 100), scores):
    c = times  # all texts have the average length
    formula = model.idf["fox"] * (model.k1 + 1) * (c + model.delta) / (model.k1 + c + model.delta)
    print(f"tf {times}: {score:.3f}, expected {formula:.3f}, at most {bound:.3f}")
    assert abs(score / formula - times) < 1e-9
assert scores[2] > 90 * bound
PY
