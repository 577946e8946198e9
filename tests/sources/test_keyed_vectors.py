"""What gensim saves is read without gensim, and nothing in its pickle runs."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources import records

FILES = Path(__file__).parents[1] / "files" / "sources" / "word2vec"
WORDS = [*records.names()[:-2], "New York", "ümlaut"]
ROWS = records.vectors()[:, :8]


@pytest.mark.parametrize("name", ["words.kv", "apart.kv"])
def test_words_vectors_and_attributes_are_those_that_were_saved(name):
    with vdb.temporary() as db, vdb.sources.open(FILES / name) as source:
        info = source.info
        assert (info.format, info.count, info.dim, info.metric) == ("gensim", 40, 8, None)
        assert info.fields == {"count": "int"}
        report = db.import_source(source, "words", metric="cosine", batch_rows=7, verify=5)
        assert (report.added, report.refused) == (40, 0) and report.verification.agrees
        for row, one in enumerate(db.collection("words").get(WORDS)):
            assert one.payload == {"count": row} and np.array_equal(one.vector, ROWS[row])
        assert list(db.check()) == []


def test_places_without_a_word_are_refused():
    with vdb.sources.open(FILES / "roomy.kv") as source:
        (batch,) = source.batches()
        assert batch.ids == ["word"] and np.array_equal(batch.vectors, ROWS[:1])
        assert [one.place for one in batch.refusals] == ["row 1", "row 2"]


class Harmless:
    def __reduce__(self):
        return os.getcwd, ()


def test_another_name_is_refused_and_not_run(tmp_path):
    place = tmp_path / "a.kv"
    data = pickle.dumps([b"gensim.models.", Harmless()])
    place.write_bytes(data)
    with pytest.raises(vdb.SourceError, match=r"getcwd.*model\.wv"):
        vdb.sources.open(place)
    place.write_bytes(pickle.dumps([b"gensim.models.", 1]))
    with pytest.raises(vdb.SourceError, match="no words"):
        vdb.sources.open(place)


def test_a_file_that_is_missing_or_does_not_fit_is_told(tmp_path):
    place = tmp_path / "apart.kv"
    shutil.copy(FILES / "apart.kv", place)
    with pytest.raises(vdb.SourceError, match=r"apart\.kv\.vectors\.npy, which is not there"):
        vdb.sources.open(place)
    np.save(tmp_path / "apart.kv.vectors.npy", ROWS[:39])
    with pytest.raises(vdb.SourceError, match=r"\(39, 8\) of <f4 for 40 words"):
        vdb.sources.open(place)
    whole = (FILES / "words.kv").read_bytes()
    for length in range(60, len(whole), 101):
        place.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as raised:
            vdb.sources.open(place)
        assert raised.value.path == str(place) and raised.value.place == "the pickle"
