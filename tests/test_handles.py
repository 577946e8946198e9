"""What leads to an open database is of its process: it says so where it is pickled or copied."""

from __future__ import annotations

import copy
import pickle

import pytest

import vdb
from vdb.scores.table import all_conventions

WAYS = {
    "pickle": pickle.dumps,
    "old pickle": lambda one: pickle.dumps(one, protocol=0),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
def test_handles_say_how_to_get_one_in_a_worker(db, path, full, way):
    snapshot = db.snapshot()
    handles = [
        db,
        full,
        snapshot,
        snapshot.collection("docs"),
        full.ids(),
        full.scan(),
        full.scan(where={"n": 1}),
        snapshot.collection("docs").scan(),
        db.check(),
    ]
    for handle in handles:
        with pytest.raises(vdb.ArgumentTypeError, match="open it in the worker") as raised:
            WAYS[way](handle)
        assert isinstance(raised.value, TypeError)
        assert f"vdb.open({str(path)!r})" in str(raised.value)
        assert type(handle).__name__ in str(raised.value)


def test_what_holds_a_handle_says_it_too(full):
    with pytest.raises(vdb.ArgumentTypeError, match="open it in the worker"):
        copy.deepcopy({"settings": [1, full]})


def test_conventions_pickle_and_copy():
    for row in all_conventions():
        assert pickle.loads(pickle.dumps(row)) is row
        assert copy.copy(row) is row
        assert copy.deepcopy(row) is row
    assert len(pickle.dumps(all_conventions())) > 0


def test_a_walk_is_an_iterator_that_can_be_closed(full):
    walk = full.ids()
    assert iter(walk) is walk
    first = next(walk)
    walk.close()
    assert list(walk) == []
    assert first in full
    assert next(full.scan()).id == first
