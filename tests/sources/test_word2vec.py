"""Word vectors of gensim and others are the words and numbers that were saved."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources import records

FILES = Path(__file__).parents[1] / "files" / "sources" / "word2vec"
WORDS = [*records.names()[:-2], "New York", "ümlaut"]
ROWS = records.vectors()[:, :8]
EXPECTED = dict(zip(WORDS, ROWS.tolist(), strict=True))


def read(place, rows=7, **options):
    """What is there, the words with their vectors, and the refusals."""
    with vdb.sources.open(place, **options) as source:
        batches = list(source.batches(rows))
        words = [one for batch in batches for one in batch.ids]
        vectors = [one.tolist() for batch in batches for one in batch.vectors]
        refusals = [one for batch in batches for one in batch.refusals]
        return source.info, dict(zip(words, vectors, strict=True)), refusals


def binary(words, rows, newline=b""):
    head = f"{len(words)} {rows.shape[1]}\n".encode()
    pairs = zip(words, rows, strict=True)
    return head + b"".join(
        word + b" " + row.astype("<f4").tobytes() + newline for word, row in pairs
    )


@pytest.mark.parametrize(
    ("name", "version", "count"),
    [("words.txt", "text", 40), ("words.bin", "binary", 40), ("glove.txt", "GloVe", None)],
)
@pytest.mark.parametrize("packed", [False, True])
def test_files_of_gensim_are_what_it_saved(tmp_path, name, version, count, packed):
    place = FILES / name
    if packed:
        place = tmp_path / f"{name}.gz"
        place.write_bytes(gzip.compress((FILES / name).read_bytes()))
    info, words, refusals = read(place)
    assert (info.format, info.version, info.count) == ("word2vec", version, count)
    assert (info.dim, info.ids, info.metric) == (8, "str", None)
    if version == "binary":
        words = {word.replace("_", " "): numbers for word, numbers in words.items()}
    assert words == EXPECTED and refusals == []


def test_a_space_in_a_word_of_the_binary_format_shows_in_the_next_word(tmp_path):
    words = [f"word {row}".encode() if row == 3 else f"w{row}".encode() for row in range(40)]
    place = tmp_path / "a.bin"
    place.write_bytes(binary(words, ROWS))
    for rows in (1, 3, 100):
        _, found, refusals = read(place, rows)
        assert found == {f"w{row}": ROWS[row].tolist() for row in range(40) if row not in (3, 4)}
        assert [one.place for one in refusals] == ["word 4", "word 5"]
        assert "may hold a space" in refusals[0].reason
    place.write_bytes(binary(words, ROWS, b"\n"))
    with pytest.raises(vdb.SourceError, match="word 5: does not begin where the others do"):
        read(place)


def test_words_become_a_collection():
    with vdb.temporary() as db:
        report = db.import_source(FILES / "words.txt", "words", metric="cosine", verify=5)
        assert report.added == 40 and report.verification.agrees
        assert db.collection("words").get("New York").vector.tolist() == EXPECTED["New York"]
        assert list(db.check()) == []


@pytest.mark.parametrize("newline", [b"", b"\n"])
def test_numbers_may_look_like_ends_of_lines(tmp_path, newline):
    rows = np.frombuffer(b"\n \n " * 8, "<f4").reshape(4, 2)
    words = [b"a", b"b c".replace(b" ", b"\xc2\xa0"), b"d", b"e"]
    place = tmp_path / "a.bin"
    place.write_bytes(binary(words, rows, newline))
    _, found, _ = read(place, kind="binary")
    assert list(found) == ["a", "b\xa0c", "d", "e"]
    assert np.array_equal(np.array(list(found.values()), "f4"), rows)


def test_a_word_that_comes_again_or_is_no_text_is_refused_with_its_line(tmp_path):
    lines = [b"6 3", b"a 1 2 3", b"b 1 2 3", b"a 4 5 6", b"\xff 1 2 3", b"c 1 2", b"d 1 x 3"]
    place = tmp_path / "a.txt"
    place.write_bytes(b"\r\n".join(lines) + b"\r\n")
    for rows in (1, 2, 100):
        _, words, refusals = read(place, rows)
        assert words == {"a": [1, 2, 3], "b": [1, 2, 3]}
        assert [(one.place, one.id) for one in refusals] == [
            ("line 4", "a"),
            ("line 5", None),
            ("line 6", "c"),
            ("line 7", "d"),
        ]
        reasons = [one.reason for one in refusals]
        assert "come before" in reasons[0] and "UTF-8" in reasons[1]
        assert "2 numbers, where others have 3" in reasons[2] and "1 x 3" in reasons[3]
    place.write_bytes(binary([b"a", b"b", b"a"], np.ones((3, 2))))
    assert [one.place for one in read(place)[2]] == ["word 3"]


def test_the_dimension_of_glove_is_that_of_most_words(tmp_path):
    place = tmp_path / "a.txt"
    place.write_text(". . . 1 2 3 4 5 6 7 8 9\na 1 2 3 4 5 6 7 8 9\n")
    assert list(read(place)[1]) == [". . .", "a"]
    assert list(read(place, dim=8)[1]) == [". . . 1", "a 1"]
    lines = [f"w{row} 1 2 3" for row in range(9)]
    place.write_text("\n".join([*lines[:4], "w4 1!2 3", *lines[5:]]))
    _, words, refusals = read(place, format="word2vec")
    assert len(words) == 8 and [one.place for one in refusals] == ["line 5"]
    place.write_text("\n".join([*lines[:4], "w4 1 2 3;w5 1 2 3", *lines[6:]]))
    _, words, refusals = read(place, format="word2vec")
    assert len(words) == 7 and "an end of a line is missing" in refusals[0].reason


def test_damage_is_told_with_its_place(tmp_path):
    place = tmp_path / "a"
    for name in ("words.txt", "words.bin"):
        whole = (FILES / name).read_bytes()
        for length in range(6, len(whole) - 70, 203):
            place.write_bytes(whole[:length])
            with pytest.raises(vdb.SourceError) as raised:
                read(place, format="word2vec")
            assert raised.value.path == str(place) and raised.value.place
        packed = gzip.compress(whole)
        for length in range(60, len(packed), 307):
            place.write_bytes(packed[:length])
            with pytest.raises(vdb.SourceError):
                read(place, format="word2vec")
    place.write_bytes((FILES / "words.bin").read_bytes() + b"more ")
    with pytest.raises(vdb.SourceError, match="the end"):
        read(place)
    for head, text in [
        (b"999999999999 300\n", "the file has"),
        (b"3 0\n", "says 3 words of 0"),
        (b"3 999999999\na b", "says 3 words"),
    ]:
        place.write_bytes(head)
        with pytest.raises(vdb.SourceError, match=text):
            read(place)
    place.write_bytes(b"1 1\n" + bytes(1 << 17))
    with pytest.raises(vdb.SourceError, match="more than"):
        read(place)
