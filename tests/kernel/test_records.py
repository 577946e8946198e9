"""Reading records: the kernel takes exactly those that are plain and sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.kernel import read_records
from vdb.store.format import keys, payloads, records
from vdb.store.format.checksums import Seal

IDS = {
    True: st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=100
    ),
    False: st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([0, -1, -32, -33, 127, 128, 2**63 - 1]),
}
SEAL = Seal(b"salt")


def stored(bodies, collection=7):
    """Values by key, as the store has them, record i in slot 10 * i."""
    by_key = {}
    for i, body in enumerate(bodies):
        key = keys.record(collection, 10 * i)
        by_key[key] = memoryview(SEAL.wrap(key, body))
    return by_key


def read(by_key, count, *, text, with_payloads=True, collection=7):
    slots = np.arange(count, dtype=np.uint32) * 10
    return read_records(by_key.get, collection, slots, SEAL.start, text, with_payloads)


@pytest.mark.parametrize("text", [True, False])
@given(data=st.data())
def test_records_come_back_as_python_reads_them(text, data):
    rows = data.draw(st.lists(st.tuples(IDS[text], st.none() | st.lists(st.integers(0, 9)))))
    bodies = [records.encode(i, None if p is None else payloads.encode(p)) for i, p in rows]
    ids, encoded = read(stored(bodies), len(rows), text=text)
    divided = [records.divided(body, "here") for body in bodies]
    assert list(zip(ids, encoded, strict=True)) == divided
    assert [type(one) for one in ids] == [str if text else int] * len(rows)
    alone, nothing = read(stored(bodies), len(rows), text=text, with_payloads=False)
    assert alone == ids and nothing == [None] * len(rows)


@given(st.binary(max_size=40), st.booleans())
def test_arbitrary_bytes_are_read_as_python_reads_them_or_left_to_it(body, text):
    ids, encoded = read(stored([b"\x01", body] if not text else [b"\xa1a", body]), 2, text=text)
    assert len(ids) == len(encoded) >= 1
    if len(ids) == 2:
        assert (ids[1], encoded[1]) == records.divided(body, "here")
    elif body and body[0] != records.CUT:
        try:
            record_id, _ = records.divided(body, "here")
        except CorruptedError:
            return
        assert isinstance(record_id, str) != text or not -(2**63) <= record_id < 2**63


def test_reading_ends_before_what_is_not_there_is_damaged_or_of_another_kind():
    good = records.encode("a", payloads.encode({"b": 1}))
    whole = stored([good, good, good])
    assert len(read(whole, 4, text=True)[0]) == 3
    assert read(whole, 3, text=False) == ([], [])
    assert read(whole, 3, text=True, collection=8) == ([], [])
    for change in (lambda v: v[:-1], lambda v: v[:3], lambda v: b"", lambda v: v[:-1] + b"\xff"):
        damaged = dict(whole)
        key = keys.record(7, 10)
        damaged[key] = memoryview(change(bytes(damaged[key])))
        assert len(read(damaged, 3, text=True)[0]) == 1


def test_a_record_in_parts_is_left_to_python():
    head, *_ = records.split(records.encode("a", payloads.encode("x" * 9000)), 4080)
    assert read(stored([head]), 1, text=True) == ([], [])


def test_what_the_lookup_raises_comes_through():
    def lookup(_key):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_records(lookup, 1, np.zeros(1, np.uint32), 0, True, True)
    with pytest.raises((TypeError, BufferError)):
        read_records(lambda _key: 5, 1, np.zeros(1, np.uint32), 0, True, True)
