"""Makes the files beside it: pip install gensim==4.4.0, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

from gensim.models import KeyedVectors

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import names, vectors  # noqa: E402

words = [*names()[:-2], "New York", "ümlaut"]
rows = vectors()[:, :8].copy()

made = KeyedVectors(8)
made.add_vectors(words, rows)
for place, word in enumerate(words):
    made.set_vecattr(word, "count", place)
made.save_word2vec_format(HERE / "words.txt")
made.save_word2vec_format(HERE / "glove.txt", write_header=False)
plain = KeyedVectors(8)  # a word with a space cannot be read back from the binary format
plain.add_vectors([word.replace(" ", "_") for word in words], rows)
plain.save_word2vec_format(HERE / "words.bin", binary=True)
made.lifecycle_events = None
made.save(str(HERE / "words.kv"))
made.save(str(HERE / "apart.kv"), separately=["vectors"])

roomy = KeyedVectors(8, count=3)  # two places stay empty
roomy.add_vector("word", rows[0])
roomy.lifecycle_events = None
roomy.save(str(HERE / "roomy.kv"))
