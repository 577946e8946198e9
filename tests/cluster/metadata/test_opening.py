"""A URL leads to a store that can put with "create if absent", or is refused before anything."""

from __future__ import annotations

import importlib.util

import pytest

import vdb
from support.object_stores import MemoryObjects
from vdb.cluster.metadata import opening
from vdb.cluster.metadata.object_names import is_shard_name, map_name, number_of, shard_name
from vdb.cluster.metadata.opening import cluster_store


def test_a_path_and_a_file_url_are_directories(tmp_path):
    for place in (tmp_path / "c", str(tmp_path / "c"), f"file://{tmp_path}/c"):
        assert cluster_store(place).url == f"file://{tmp_path}/c"


@pytest.mark.parametrize(
    ("url", "options", "named"),
    [
        ("ftp://host/papers", {}, "no store for clusters"),
        ("http://host/papers", {}, "no store for clusters"),
        ("memory://papers", {}, "no store for clusters"),
        ("file://relative/papers", {}, "absolute path"),
        ("", {}, "no path"),
        ("a\0b", {}, "no path"),
        ("here", {"region": "x"}, "storage_options"),
        ("file:///here", {"region": "x"}, "storage_options"),
    ],
)
def test_another_url_is_refused(url, options, named):
    with pytest.raises(vdb.InvalidArgumentError, match=named):
        cluster_store(url, options)


def test_no_text_is_refused():
    with pytest.raises(vdb.ArgumentTypeError, match="url"):
        cluster_store(3)


def test_credentials_are_not_shown():
    with pytest.raises(vdb.InvalidArgumentError) as raised:
        cluster_store("ftp://me:secret@host/papers")
    assert "secret" not in str(raised.value)


def test_obstore_is_asked_for_where_it_is_missing(monkeypatch):
    before = importlib.util.find_spec
    absent = {"obstore"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name in absent else before(name, *a)
    )
    with pytest.raises(vdb.InvalidArgumentError, match=r"vdb\[remote\]"):
        cluster_store("s3://bucket/papers")


def test_a_program_may_bring_a_store_along(monkeypatch):
    objects = MemoryObjects()
    monkeypatch.setitem(opening.OTHER_SCHEMES, "test", lambda url, options: objects)
    cluster_store("test://x").put("map/1", b"here")
    assert objects.names() == ["map/1"]


def test_names_sort_as_numbers_do():
    numbers = [1, 9, 10, 99_999, 2**63 - 1]
    names = [map_name(number) for number in numbers]
    assert names == sorted(names)
    assert [number_of(name) for name in names] == numbers
    assert number_of("map/notes.txt") is None
    assert shard_name("papers", 3) == "papers-000003"
    assert is_shard_name(shard_name("a" * 128, 10**9))
    assert not is_shard_name("../x-000001")
