"""A map is read strictly: it comes back as it was, and damage is an error that names its place."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry, slot_ranges
from vdb.cluster.metadata.schema_document import schema_from_json, schema_to_json
from vdb.cluster.metadata.slots import SLOTS

WHOLE = ((0, SLOTS),)


def sealed(body):
    """A document with a right checksum of whatever body."""
    text = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    return b'{"sha256":"%s","map":%s}\n' % (hashlib.sha256(text).hexdigest().encode(), text)


def body_of(one):
    return json.loads(one.encode())["map"]


def places(value, path=()):
    """The paths to all values inside a JSON value."""
    yield path
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, one in value.items() if isinstance(value, dict) else ():
        yield from places(one, (*path, key))


def put_at(value, path, new):
    """A copy of a JSON value with another value at a path."""
    value = copy.deepcopy(value)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = new
    return value


def test_it_comes_back(first):
    assert ClusterMap.decode(first.encode(), "here") == first
    assert sealed(body_of(first)) == first.encode()  # and so is JSON that other programs read
    assert pickle.loads(pickle.dumps(first)) == first


def test_each_changed_byte_is_met(first):
    document = first.encode()
    for position in range(len(document)):
        for bit in (1, 128):
            damaged = bytearray(document)
            damaged[position] ^= bit
            with pytest.raises(vdb.CorruptedError) as raised:
                ClusterMap.decode(bytes(damaged), "here")
            assert raised.value.where == "here"
    for length in range(len(document)):
        with pytest.raises(vdb.CorruptedError):
            ClusterMap.decode(document[:length], "here")


@pytest.mark.parametrize("new", [None, -1, 1e300, "x" * 300, [], {"a": 1}, True])
def test_a_wrong_value_anywhere_is_damage_or_another_map(first, new):
    body = body_of(first)
    for path in list(places(body))[1:]:
        try:
            read = ClusterMap.decode(sealed(put_at(body, path, new)), "here")
        except (vdb.CorruptedError, vdb.FormatVersionError) as error:
            assert "here" in str(error)
        else:  # a value that may stand there
            assert json.loads(read.encode()) == json.loads(sealed(put_at(body, path, new)))


def test_a_missing_field_and_one_too_many_are_named(first):
    body = body_of(first)
    for path in list(places(body))[1:]:
        holder = body
        for key in path[:-1]:
            holder = holder[key]
        if not isinstance(holder, dict) or "spec" in path[:-1] or path[:-1] == ("collections",):
            continue
        if path[-2:-1] in (("dropped",), ("fields",), ("text_fields",)):
            continue
        short = copy.deepcopy(body)
        inner = short
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        with pytest.raises(vdb.CorruptedError):
            ClusterMap.decode(sealed(short), "here")
        with pytest.raises(vdb.CorruptedError):
            ClusterMap.decode(sealed(put_at(body, (*path[:-1], "surplus"), 1)), "here")


@pytest.mark.parametrize(
    ("path", "new", "named"),
    [
        (("lease",), 0.0, "lease"),
        (("durability",), "sometimes", "durability"),
        (("collections", "papers", "shards", 0, "slots"), [[0, 1000]], "slot 2000 is in 0"),
        (("collections", "papers", "shards", 0, "slots"), [[0, 1001], [2000, 3000]], "slot 1000"),
        (("collections", "papers", "shards", 0, "slots"), [[5, 5]], "no range"),
        (("collections", "papers", "shards", 0, "slots"), [[0, 1 << 60]], "no range"),
        (("collections", "papers", "shards", 0, "slots"), [["a", 3]], "slots"),
        (("collections", "papers", "shards", 1, "id"), "../etc-000001", "id"),
        (("collections", "papers", "schema", "metric"), "l7", "metric"),
        (("collections", "papers", "schema", "index"), {"type": "tree"}, "index"),
        (("collections", "papers", "change", "kind"), "dance", "kind"),
    ],
)
def test_the_field_that_is_wrong_is_named(first, path, new, named):
    with pytest.raises(vdb.CorruptedError, match=named):
        ClusterMap.decode(sealed(put_at(body_of(first), path, new)), "here")


@given(st.binary(max_size=300))
def test_foreign_bytes_are_no_map(content):
    for document in (content, sealed(content)):
        with pytest.raises(vdb.CorruptedError):
            ClusterMap.decode(document, "here")


def test_a_later_format_is_refused_and_says_so(first):
    body = body_of(first) | {"format_version": 2, "unknown": 1}
    with pytest.raises(vdb.FormatVersionError, match="version 2"):
        ClusterMap.decode(sealed(body), "here")


def test_each_slot_is_in_one_shard(papers):
    owners = papers.owners()
    for position, shard in enumerate(papers.shards):
        assert np.flatnonzero(owners == position).tolist() == shard.slot_list().tolist()
        assert slot_ranges(shard.slot_list()) == shard.slots
        assert shard.slot_count == len(shard.slot_list())
    with pytest.raises(vdb.InvalidArgumentError, match="slot 0 is in 0 shards"):
        papers.with_shards(["papers-000000"], [])
    with pytest.raises(vdb.InvalidArgumentError, match="slot 0 is in 2 shards"):
        papers.with_shards([], [ShardEntry("papers-000009", "left", WHOLE)])


def test_shards_are_replaced_by_others_with_new_names(papers):
    [name] = papers.new_names(1)
    assert name == "papers-000003"
    one = papers.with_shards([shard.id for shard in papers.shards], [ShardEntry(name, "l", WHOLE)])
    assert [shard.id for shard in one.shards] == [name]


def test_a_dropped_collection_leaves_its_numbers_behind(first, papers):
    without = first.without("papers")
    assert without.collections == ()
    assert without.first_shard("papers") == 3
    assert ClusterMap.decode(without.encode(), "here") == without
    with pytest.raises(vdb.InvalidArgumentError, match="begin at 3"):
        without.with_new(replace(papers, next_shard=1))
    again = without.with_new(replace(papers, next_shard=4))
    assert again.dropped == {"drafts": 4}
    with pytest.raises(vdb.CollectionExistsError):
        again.with_new(papers)
    for call in (again.without, again.collection, again.disk, papers.shard):
        with pytest.raises(vdb.NotFoundError, match="nothing"):
            call("nothing")
    with pytest.raises(vdb.NotFoundError):
        again.with_changed(replace(papers, name="other"))


def test_a_schema_comes_back_with_all_it_has(papers):
    schema = papers.collection_schema()
    assert schema_to_json(schema) == papers.schema
    assert schema_to_json(schema_from_json("papers", papers.schema, "here")) == papers.schema


def test_a_schema_that_shards_cannot_share_is_refused(papers):
    schema = papers.collection_schema()
    with pytest.raises(vdb.InvalidArgumentError, match="dim"):
        schema_to_json(replace(schema, dim="auto"))
    own = vdb.lexical.analyzer(str.split, name="own", version="1")
    with pytest.raises(vdb.InvalidArgumentError, match=r"fields\['text'\]"):
        schema_to_json(replace(schema, fields={"text": vdb.Text(own)}))


def test_names_that_two_shards_share_are_refused(papers):
    shard = papers.shards[0]
    with pytest.raises(vdb.InvalidArgumentError, match="twice"):
        CollectionMap(
            "papers",
            papers.schema,
            (replace(shard, slots=((0, 9),)), replace(shard, slots=((9, SLOTS),))),
            3,
        )
