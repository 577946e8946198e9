#!/usr/bin/env bash
# One would guess: KeyedVectors that gensim saved in word2vec's binary format come back with the same words and numbers,
# or an error says that a word cannot be written so.
# What happens: a word that holds a space is written as it is, and nothing complains. Read back, the word ends at its
# space, the rest of it is read as the first bytes of its numbers, and the next word begins too early, with the last bytes
# of those numbers before it. The other words are right, so counts agree. In the text format the same file is refused.
# gensim 4.4.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gensim==4.4.0 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys

import gensim
import numpy as np
from gensim.models import KeyedVectors

print("gensim", gensim.__version__)
place = f"{sys.argv[1]}/words"
words = ["one", "New York", "two", "three"]
numbers = np.arange(1, 17, dtype=np.float32).reshape(4, 4)
given = KeyedVectors(4)
given.add_vectors(words, numbers)
given.save_word2vec_format(f"{place}.bin", binary=True)
read = KeyedVectors.load_word2vec_format(f"{place}.bin", binary=True)
print("given:", words, "read:", read.index_to_key)
print("numbers of the second:", numbers[1], "read:", read.vectors[1])
assert read.index_to_key[1] == "New" and read.index_to_key[2] != "two"
assert [read.index_to_key[i] for i in (0, 3)] == ["one", "three"]
assert not np.array_equal(read.vectors[1], numbers[1]) and np.array_equal(read.vectors[2:], numbers[2:])
given.save_word2vec_format(f"{place}.txt")
try:
    KeyedVectors.load_word2vec_format(f"{place}.txt")
except ValueError as error:
    print("as text:", error)
else:
    raise SystemExit("the text was read")
PY
