"""The seal: a value counts only where it was written and as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.kernel import crc32c
from vdb.store.format.checksums import SEAL_SIZE, UNSALTED, Seal

BYTES = st.binary(max_size=200)


def test_the_checksum_is_crc32c():
    assert crc32c(b"123456789") == 0xE3069283  # the check value of RFC 3720's polynomial


@given(BYTES, BYTES)
def test_a_checksum_can_be_continued(a, b):
    assert crc32c(b, crc32c(a)) == crc32c(a + b)


@given(BYTES, BYTES, BYTES)
def test_a_seal_is_the_checksum_of_salt_key_and_body(salt, key, body):
    assert Seal(salt).wrap(key, body) == crc32c(salt + key + body).to_bytes(4, "little") + body


@given(BYTES, BYTES, BYTES)
def test_a_sealed_body_comes_back(salt, key, body):
    seal = Seal(salt)
    assert seal.unwrap(key, seal.wrap(key, body)) == body


@given(BYTES, st.data())
def test_a_flipped_bit_is_noticed_and_the_key_named(body, data):
    seal = Seal(b"salt")
    value = bytearray(seal.wrap(b"key", body))
    bit = data.draw(st.integers(0, 8 * len(value) - 1))
    value[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CorruptedError, match="checksum") as caught:
        seal.unwrap(b"key", bytes(value))
    assert caught.value.where == "key 6b6579"


def test_a_value_of_another_key_is_noticed():
    value = UNSALTED.wrap(b"\x01", b"body")
    with pytest.raises(CorruptedError):
        UNSALTED.unwrap(b"\x02", value)


def test_a_value_of_another_database_is_noticed():
    with pytest.raises(CorruptedError):
        Seal(b"a" * 16).unwrap(b"k", Seal(b"b" * 16).wrap(b"k", b"body"))


@given(st.binary(max_size=SEAL_SIZE - 1))
def test_a_value_shorter_than_a_seal_is_noticed(value):
    with pytest.raises(CorruptedError):
        UNSALTED.unwrap(b"k", value)
