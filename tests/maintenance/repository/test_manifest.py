"""A manifest is read strictly, and is what docs/internals/backup-format.md says."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from vdb.maintenance.repository.manifest import Manifest, is_name, name_of

SOUND = Manifest(
    uuid="0123456789abcdef" * 2,
    commit=7,
    created=1796031180.25,
    version="0.1.0",
    database_format=1,
    page_size=4096,
    items=12,
    collections={"docs": 3, "notes": 0},
    chunks=((b"\xab" * 32, 1000), (b"\xcd" * 32, 1)),
)


def sealed(body):
    text = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    return b'{"sha256":"%s","manifest":%s}\n' % (hashlib.sha256(text).hexdigest().encode(), text)


def fields():
    return json.loads(SOUND.encode())["manifest"]


def test_it_comes_back():
    assert Manifest.decode(SOUND.encode(), "here") == SOUND
    assert sealed(fields()) == SOUND.encode()  # and so is JSON that other programs read
    info = SOUND.info("20261130T095300Z-0001")
    assert (info.bytes, info.chunks, info.collections) == (1001, 2, {"docs": 3, "notes": 0})
    assert info.to_dict()["created"] == "2026-11-30T09:33:00.250000+00:00"


@pytest.mark.parametrize("position", range(0, 430, 7))
def test_a_changed_byte_is_met(position):
    document = bytearray(SOUND.encode())
    document[position] ^= 1
    with pytest.raises(vdb.CorruptedError) as raised:
        Manifest.decode(bytes(document), "here")
    assert raised.value.where == "here"


@pytest.mark.parametrize(
    "change",
    [
        {"chunks": []},
        {"chunks": [["ab" * 32, 0]]},
        {"chunks": [["ab" * 32, 1 << 24]]},
        {"chunks": [["../" * 21 + "x", 5]]},
        {"chunks": [["AB" * 32, 5]]},
        {"chunks": [5]},
        {"chunks": None},
        {"uuid": "x"},
        {"uuid": 5},
        {"commit": 0},
        {"commit": True},
        {"page_size": 5000},
        {"page_size": 1 << 30},
        {"items": -1},
        {"bytes": 5},
        {"created": "yesterday"},
        {"created": 1e300},
        {"collections": ["docs"]},
        {"collections": {"docs": -1}},
        {"format": "restic"},
        {"version": 0},
        {"version": "1"},
        {"version": None},
    ],
    ids=str,
)
def test_a_false_field_under_a_right_checksum_is_refused(change):
    with pytest.raises(vdb.CorruptedError):
        Manifest.decode(sealed(fields() | change), "here")


def test_a_missing_field_is_refused():
    for name in fields():
        rest = {key: value for key, value in fields().items() if key != name}
        with pytest.raises(vdb.CorruptedError):
            Manifest.decode(sealed(rest), "here")


def test_a_later_version_is_named():
    with pytest.raises(vdb.FormatVersionError, match="version 2") as raised:
        Manifest.decode(sealed(fields() | {"version": 2}), "here")
    assert (raised.value.expected, raised.value.received) == (1, 2)


@given(st.binary(max_size=200))
def test_anything_else_is_refused(body):
    for document in (body, sealed(body)):
        with pytest.raises(vdb.CorruptedError):
            Manifest.decode(document, "here")


def test_names_sort_by_time():
    names = [name_of(when, number) for when in (0.0, 1.5e9, 1.8e9) for number in (1, 2, 10)]
    assert names == sorted(names)
    assert all(map(is_name, names))
    assert not any(map(is_name, ["", "x", names[0] + "\n", names[0] + "/..", f"../{names[0]}"]))
