"""Makes the files beside it: pip install gensim==4.4.0, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

from gensim.models import KeyedVectors

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """Words as text, binary, and as gensim saves its own."""
    words = [*records.names()[:-2], "New York", "ümlaut"]
    rows = records.vectors()[:, :8].copy()
    counts = [{"count": place} for place in range(len(words))]

    def given(name, names=words, payloads=None, own=None):
        return Given(name, names, rows, payloads=payloads, asked="cosine", format=own)

    model = KeyedVectors(8)
    model.add_vectors(words, rows)
    for place, word in enumerate(words):
        model.set_vecattr(word, "count", place)
    model.save_word2vec_format(folder / "words.txt")
    yield given("words.txt")
    model.save_word2vec_format(folder / "glove.txt", write_header=False)
    yield given("glove.txt")
    plain = KeyedVectors(8)  # a word with a space cannot be read back from the binary format
    names = [word.replace(" ", "_") for word in words]
    plain.add_vectors(names, rows)
    plain.save_word2vec_format(folder / "words.bin", binary=True)
    yield given("words.bin", names)
    model.lifecycle_events = None
    model.save(str(folder / "words.kv"))
    yield given("words.kv", words, counts, "gensim")
    model.save(str(folder / "apart.kv"), separately=["vectors"])
    yield given("apart.kv", words, counts, "gensim")

    roomy = KeyedVectors(8, count=3)  # two places stay empty
    roomy.add_vector("word", rows[0])
    roomy.lifecycle_events = None
    roomy.save(str(folder / "roomy.kv"))


if __name__ == "__main__":
    run(make, __file__, "gensim")
