"""Id and payload of a record, cut into parts when they are long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.store.format import payloads, records

IDS = st.integers(-(2**63), 2**63 - 1) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=100
)
SMALL_BLOCK = 4080
ROOM = SMALL_BLOCK - 4


@given(IDS, st.none() | st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=3))
def test_a_record_comes_back(record_id, payload):
    body = records.encode(record_id, None if payload is None else payloads.encode(payload))
    decoded, encoded = records.divided(body, "here")
    assert decoded == record_id
    assert type(decoded) is type(record_id)
    assert (None if encoded is None else payloads.decode(encoded, "here")) == payload
    assert body[0] != records.CUT


@pytest.mark.parametrize("length", [1, 31, 32, 255, 256, 400])
def test_ids_of_every_length_come_back(length):
    record_id = "x" * length
    body = records.encode(record_id, payloads.encode([1]))
    assert records.divided(body, "here") == (record_id, payloads.encode([1]))


@given(st.integers(0, 5 * SMALL_BLOCK))
def test_a_body_of_any_length_comes_back_from_its_parts(length):
    body = bytes(i % 191 for i in range(length))
    head, *parts = records.split(body, SMALL_BLOCK)
    assert all(len(value) <= ROOM for value in (head, *parts))
    total = records.total_length(head, "here")
    if length <= ROOM:
        assert total is None
        assert head == body
    else:
        assert total == length
        assert len(parts) == records.further_parts(length, SMALL_BLOCK)
        assert all(len(value) == ROOM for value in (head, *parts[:-1]))
        assert records.join(head, parts, total, "here") == body


@pytest.mark.parametrize("length", [ROOM, ROOM + 1, 2 * ROOM - 5, 2 * ROOM - 4, records.LARGEST])
def test_the_number_of_parts_is_known_from_the_length(length):
    parts = records.split(bytes(length), SMALL_BLOCK)
    assert len(parts) == 1 + records.further_parts(length, SMALL_BLOCK)


def test_the_largest_record_needs_fewer_parts_than_can_be_counted():
    assert records.further_parts(records.LARGEST, 1024 - 16) < 2**16


def test_a_part_too_few_is_noticed():
    head, *parts = records.split(bytes(10_000), SMALL_BLOCK)
    with pytest.raises(CorruptedError, match="length: expected 10000"):
        records.join(head, parts[:-1], 10_000, "here")


def test_a_length_that_cannot_be_is_noticed():
    with pytest.raises(CorruptedError, match="length"):
        records.total_length(b"\xc1\xff\xff\xff\xff...", "here")
    with pytest.raises(CorruptedError, match="cut short"):
        records.total_length(b"\xc1\x00", "here")


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_decoded_or_called_damaged(body):
    for decode in (records.divided, records.total_length):
        try:
            decode(body, "here")
        except CorruptedError as error:
            assert error.where == "here"
