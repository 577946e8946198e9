"""Sharded collections and clusters have the methods, arguments and texts of embedded ones."""

from __future__ import annotations

import inspect

import pytest

import vdb
import vdb.cluster
from vdb.cluster import Cluster, ShardedCollection

MORE = {"timeout", "token", "partial", "shard", "precheck", "shards", "spread", "seconds"}
"""Arguments that only a cluster has: see the docstrings."""

ABSENT = {
    # The unit of a score of words is the whole collection: a shard knows only its own statistics.
    "search_text",
    "search_hybrid",
    "explain_text",
}
ABSENT_OF_DATABASES = {
    # One commit of several calls or collections is not to be had over several files.
    "batch",
    # Names of collections are those of directories and logs.
    "rename_collection",
    "set_alias",
    "drop_alias",
    "aliases",
    # What belongs to one file.
    "path",
    "read_only",
    "info",
    "repair",
    "compact",
}
OTHER_RESULTS = {
    "scan": "ClusterScan",
    "create_collection": "ShardedCollection",
    "snapshot": "ClusterSnapshot",
    "collection": "ShardedCollection",
    "check": "list[ShardProblem]",
}


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def parameters(method: object) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(inspect.unwrap(method)).parameters)  # type: ignore[arg-type]


PAIRS = [
    *(
        (vdb.Collection, ShardedCollection, name)
        for name in sorted(public(vdb.Collection) & public(ShardedCollection))
        if name != "name"  # which never changes here
    ),
    *(
        (vdb.Database, Cluster, name)
        for name in sorted(public(vdb.Database) & public(Cluster))
        # Of a database of one file: its place, what it yields one by one, and its readers.
        if name not in {"backup", "check", "close"}
    ),
]


def test_what_is_absent_is_listed_with_its_reason():
    assert public(vdb.Collection) - public(ShardedCollection) <= ABSENT
    assert public(vdb.Database) - public(Cluster) <= ABSENT_OF_DATABASES


@pytest.mark.parametrize(
    ("embedded", "sharded", "name"), PAIRS, ids=lambda one: getattr(one, "__name__", one)
)
def test_a_method_takes_and_says_the_same(embedded, sharded, name):
    ours, theirs = getattr(sharded, name), getattr(embedded, name)
    if isinstance(theirs, property):
        assert isinstance(ours, property)
        assert inspect.getdoc(ours).startswith(inspect.getdoc(theirs).splitlines()[0])
        return
    own, expected = parameters(ours), parameters(theirs)
    more = own.keys() - expected.keys()
    assert more <= MORE, more
    assert [one for one in own if one not in more] == list(expected)
    for one, parameter in expected.items():
        assert (own[one].kind, own[one].default) == (parameter.kind, parameter.default), one
        assert own[one].annotation == parameter.annotation, one
    result = inspect.signature(inspect.unwrap(ours)).return_annotation
    same = inspect.signature(inspect.unwrap(theirs)).return_annotation
    assert result.rpartition(".")[2] == OTHER_RESULTS.get(name, same.rpartition(".")[2])
    text, whole = inspect.getdoc(theirs), inspect.getdoc(ours)
    assert [line for line in text.splitlines() if line not in whole.splitlines()] == []
    for one in more:
        assert f"\n    {one}: " in whole, one


def test_everything_public_is_documented():
    for kind in (Cluster, ShardedCollection, vdb.cluster.ClusterScan):
        for name in public(kind):
            assert inspect.getdoc(getattr(kind, name)), f"{kind.__name__}.{name}"


def test_words_of_other_products_are_answered_with_ours(docs, cluster):
    with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'k'"):
        docs.search([0, 0, 0, 0], limit=3)
    with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'dim'"):
        cluster.create_collection("x", dimension=3, metric="l2")
    with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'create'"):
        vdb.cluster.open("x", create_if_missing=True)
