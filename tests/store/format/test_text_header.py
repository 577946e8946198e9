"""The header of a text field, and the keys of what it names: what was not written is refused."""

import pytest

from vdb.errors import CorruptedError
from vdb.store.format import headers, keys, limits, text_header
from vdb.store.format.packing import pack, unpack
from vdb.store.format.text_header import SegmentCounts, TextHeader

WHERE = "here"
ONE = SegmentCounts(3, 10, 2, 40, 60, 90, 1, 500)
OTHER = SegmentCounts(7, 5, 0, 9, 9, 12, 2, 70_000)


def header(**changes):
    fields = {
        "next_segment": 8,
        "documents": 13,
        "nonempty": 12,
        "length_sum": 80,
        "segments": [ONE, OTHER],
    }
    return TextHeader(**(fields | changes))


def test_a_header_comes_back_as_it_was():
    assert TextHeader.decode(header().encode(), WHERE) == header()
    assert TextHeader.decode(TextHeader().encode(), WHERE) == TextHeader()
    copy = header().copy()
    copy.segments.pop()
    assert len(header().segments) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"next_segment": 7},
        {"next_segment": 0},
        {"documents": 12},
        {"nonempty": 14},
        {"length_sum": 103},
        {"length_sum": 11},
        {"segments": [OTHER, ONE]},
        {"segments": [ONE, ONE._replace(documents=7)]},
        {"segments": [ONE, OTHER._replace(documents=5, deleted=5)]},
        {"segments": [ONE, OTHER._replace(parts=0)]},
        {"segments": [ONE, OTHER._replace(terms=-1)]},
        {"segments": [ONE, OTHER._replace(length_sum=2**60)]},
        {"segments": [ONE, OTHER[:7]]},
        {"segments": [ONE, (*OTHER[:7], True)]},
        {"segments": [ONE, (*OTHER[:7], 1.5)]},
    ],
    ids=repr,
)
def test_what_was_not_written_is_refused(changes):
    fields = r"segments|documents|nonempty|length_sum|next_segment"
    with pytest.raises(CorruptedError, match=fields):
        TextHeader.decode(header(**changes).encode(), WHERE)


def test_more_segments_than_there_can_be_are_refused(monkeypatch):
    monkeypatch.setattr(text_header, "MOST_SEGMENTS", 1)
    with pytest.raises(CorruptedError, match="at most 1 items"):
        TextHeader.decode(header().encode(), WHERE)


def collection(**text):
    line = {
        "number": 2,
        "path": "a.text",
        "type": "text",
        "built": limits.NO_SLOT,
        "text": {"analyzer": "english", "version": "1", "stored": True, "positions": False},
    }
    line["text"] |= text
    value = {"number": 1, "path": "n", "type": "int", "built": 7}
    return headers.CollectionHeader(
        name="docs",
        number=1,
        dim=2,
        metric="l2",
        dtype="float32",
        scores="native",
        model=None,
        created=0.0,
        version="0.2.0",
        next_field=3,
        fields=[value],
        text_fields=[line],
    )


def test_text_fields_stand_among_the_others_and_are_of_the_second_version():
    made = collection()
    stored = unpack(made.encode(), WHERE)
    assert [line["type"] for line in stored["fields"]] == ["int", "text"]
    assert "text_fields" not in stored
    assert headers.CollectionHeader.decode(made.encode(), 1) == made
    assert made.format_version == 2
    made.text_fields.clear()
    assert made.format_version == 1


@pytest.mark.parametrize(
    "text", [{"analyzer": "x" * 257}, {"version": 1}, {"stored": 1}, {"positions": None}, {"a": 1}]
)
def test_a_line_that_says_something_else_is_refused(text):
    with pytest.raises(CorruptedError, match=r"fields\[1\]"):
        headers.CollectionHeader.decode(collection(**text).encode(), 1)


def test_a_text_field_has_its_map_and_no_other_field_has_one():
    stored = unpack(collection().encode(), WHERE)
    stored["fields"][0]["text"] = stored["fields"][1].pop("text")
    with pytest.raises(CorruptedError, match="just where type is text"):
        headers.CollectionHeader.decode(pack(stored), 1)


def test_keys_come_back_and_others_are_refused():
    for key in (keys.segment_part(1, 2, 3, 4), keys.deleted(1, 2, 3, 4)):
        place = keys.decode(key)
        assert (place.collection, place.field, place.segment, place.number) == (1, 2, 3, 4)
        assert key.startswith(keys.of_segment(place.kind, 1, 2, 3))
        assert key.startswith(keys.of_field(place.kind, 1, 2))
        assert key.startswith(keys.within(place.kind, 1))
        with pytest.raises(CorruptedError):
            keys.decode(key + b"\0")
    assert keys.decode(keys.text(1, 2)).field == 2
