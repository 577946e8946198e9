#!/usr/bin/env bash
# One would guess: a file of an index of N dimensions holds rows of N numbers, under every space.
# What happens: under inner product each row has one number more, which makes all rows equally long. It depends on the
# longest vector seen so far, so it depends on the order of adding: the same two vectors, added in the other order, give
# a file with other numbers.
# voyager 2.2.3; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check voyager==2.2.3 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
import voyager

print("voyager", version("voyager"))

def saved(space, order):
    index = voyager.Index(space, num_dimensions=2, M=2)
    for row in order:
        index.add_item(np.array(row, dtype=np.float32), id=int(row[0]))
    index.save("index.voy")
    return open("index.voy", "rb").read()

short, long = (1, 0), (3, 4)
plain, longer = (saved(space, [short, long]) for space in (voyager.Space.Euclidean, voyager.Space.InnerProduct))
print("bytes of two rows: euclidean", len(plain), "inner product", len(longer))
assert len(longer) - len(plain) == 2 * 4
one, other = (saved(voyager.Space.InnerProduct, order) for order in ([short, long], [long, short]))

def numbers(file):  # of the rows: every float32 that is one of the added last numbers
    return {round(float(x), 4) for x in np.frombuffer(file[len(file) % 4 :], dtype="<f4") if 0 < abs(x) < 100}

root = round(float(np.sqrt(np.float32(24))), 4)  # sqrt(25 - 1): what makes (1, 0) as long as (3, 4)
found = [any(np.isclose(np.frombuffer(file[at : len(file) - (len(file) - at) % 4], "<f4"), root).any() for at in range(4)) for file in (one, other)]
print("sqrt(24) stands in the file: short first", found[0], "; long first", found[1])
assert found == [False, True]
PY
