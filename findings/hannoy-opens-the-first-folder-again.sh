#!/usr/bin/env bash
# One would guess: two databases in two folders are two databases.
# What happens: in one process the second one is the first again, without a word, whatever its folder is: it answers with
# the records of the first, and what is written to it goes there. Only another metric is noticed. The second folder stays
# empty.
# hannoy 0.1.3; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hannoy==0.1.3 numpy==2.4.6
cd "$folder"
mkdir one two
"$folder/venv/bin/python" - <<'PY'
import os
from importlib.metadata import version

import hannoy

print("hannoy", version("hannoy"))
one = hannoy.Database("one", hannoy.Metric.EUCLIDEAN)
with one.writer(2) as writer:
    writer.add_item(1, [1.0, 0.0])
two = hannoy.Database("two", hannoy.Metric.EUCLIDEAN)
hits = two.reader().by_vec([1.0, 0.0], n=5)
print("the new folder two answers", hits, "and holds", os.listdir("two"))
assert hits == [(1, 0.0)] and os.listdir("two") == []
with two.writer(2) as writer:
    writer.add_item(2, [0.0, 1.0])
hits = one.reader().by_vec([1.0, 0.0], n=5)
print("after writing 2 to two, one answers", hits)
assert [item for item, _ in hits] == [1, 2]
PY
