"""Payloads that are decoded when they are looked at."""

import pytest

from vdb.errors import CorruptedError
from vdb.store.format.payloads import Payloads, encode

GIVEN = [{"a": 1}, None, [1, 2.5, "x"], "text", {}, 7]


def encoded(given=GIVEN):
    bodies = [None if payload is None else encode(payload) for payload in given]
    return Payloads(bodies, list(range(10, 10 + len(given))), 3)


def test_they_are_what_was_encoded():
    assert list(encoded()) == GIVEN
    assert [encoded()[i] for i in range(-6, 6)] == [*GIVEN, *GIVEN]
    assert len(encoded()) == len(GIVEN)
    assert list(encoded([])) == []


def test_a_payload_is_decoded_once():
    payloads = encoded()
    assert payloads[0] is payloads[0]
    assert payloads[:2][0] is payloads[0]


def test_parts_are_the_same_payloads():
    assert list(encoded()[1:4]) == GIVEN[1:4]
    assert list(encoded()[::-2]) == GIVEN[::-2]
    assert list(encoded().take([4, 0, 0])) == [{}, {"a": 1}, {"a": 1}]


@pytest.mark.parametrize(
    "body", [b"\xc1", b"\x92\x01", b"\x01\x02", b"\xa5ab", b"\x81\x01\x02", b"\xd4\x01\x01"]
)
def test_what_is_no_payload_is_named_when_it_is_looked_at(body):
    payloads = Payloads([encode(1), body, encode(3)], [4, 5, 6], 9)
    with pytest.raises(CorruptedError, match="slot 5 of collection 9"):
        payloads[0]
    with pytest.raises(CorruptedError, match="slot 5 of collection 9"):
        list(payloads[1:])
    assert payloads[:1][0] == 1
