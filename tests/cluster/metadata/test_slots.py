"""The slot of an id is the same everywhere and for ever."""

from __future__ import annotations

import subprocess
import sys
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.cluster.metadata.slots import SLOTS, slot_of, slots_of

VECTORS = {
    0: 3503,
    1: 3265,
    2: 1742,
    -1: 3104,
    2**63 - 1: 3751,
    -(2**63): 987,
    123456789: 1657,
    "a": 2112,
    "b": 644,
    "doc-1": 1110,
    "straße": 2914,
    "日本語": 2548,
}
_LOW = (1 << 64) - 1


def split_mix(number):
    """SplitMix64 as its authors print it, with Python's ints."""
    z = (number + 0x9E3779B97F4A7C15) & _LOW
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _LOW
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _LOW
    return z ^ (z >> 31)


@pytest.mark.parametrize(("one", "slot"), VECTORS.items())
def test_the_vectors_of_the_format(one, slot):
    assert slot_of(one) == slot


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_ints_as_the_algorithm_is_printed(ids):
    expected = [split_mix(one & _LOW) % SLOTS for one in ids]
    assert slots_of(ids).tolist() == expected
    assert slots_of(np.array(ids, np.int64)).tolist() == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_texts_by_their_bytes(ids):
    digests = [blake2b(one.encode("utf-8"), digest_size=8).digest() for one in ids]
    expected = [int.from_bytes(digest, "little") % SLOTS for digest in digests]
    assert slots_of(ids).tolist() == expected


def test_another_process_agrees():
    code = "from vdb.cluster.metadata.slots import slots_of; print(slots_of(['a', 'b']).tolist())"
    for seed in ("0", "1"):
        environment = {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code]
        run = subprocess.run(command, env=environment, capture_output=True, check=True)
        assert run.stdout.split() == [b"[2112,", b"644]"]


def test_ids_that_rise_are_spread_evenly():
    counts = np.bincount(slots_of(np.arange(100 * SLOTS)), minlength=SLOTS)
    assert 50 < counts.min() <= counts.max() < 160  # Poisson of 100: five and six deviations
