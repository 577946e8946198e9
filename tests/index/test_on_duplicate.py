"""`add(on_duplicate=)` against a dict that takes one row after the other, and the counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb

RULES = ("error", "skip", "replace")


def told(records, rows, rule):
    """What becomes of a dict, row by row, and the counts; None where the call is refused."""
    made, added, replaced, skipped = dict(records), 0, 0, 0
    for record_id, number in rows:
        if record_id not in made:
            made[record_id] = number
            added += 1
        elif rule == "error":
            return None
        elif rule == "skip":
            skipped += 1
        else:
            made[record_id] = number
            replaced += 1
    return made, vdb.WriteCounts(added=added, replaced=replaced, skipped=skipped)


def contents(docs):
    return {record.id: record.payload["n"] for record in docs.scan()}


CALLS = st.lists(
    st.tuples(st.sampled_from(RULES), st.lists(st.integers(0, 8), max_size=8)), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(calls=CALLS)
def test_rows_are_taken_one_after_the_other(calls):
    with vdb.open(":memory:") as db:
        docs = db.create_collection("docs", dim=2, metric="l2", fields={"n": "int"})
        records: dict[int, int] = {}
        number = 0
        for rule, ids in calls:
            rows = [(record_id, number + i) for i, record_id in enumerate(ids)]
            number += len(ids)
            vectors = np.array([[n, 1] for _, n in rows], dtype=np.float32).reshape(-1, 2)
            payloads = [{"n": n} for _, n in rows]
            expected = told(records, rows, rule)
            if expected is None:
                with pytest.raises(vdb.DuplicateIdError):
                    docs.add(ids, vectors, payloads, on_duplicate=rule)
            else:
                records, counts = expected
                assert docs.add(ids, vectors, payloads, on_duplicate=rule) == counts
            assert contents(docs) == records
            for record_id, n in records.items():
                assert docs.search([n, 1], 1)[0].value == 0
                assert docs.get(record_id).vector.tolist() == [n, 1]
                assert list(docs.ids(where={"n": n})) == [record_id]
        assert not db.check()


def test_the_counts_of_plain_calls(full, crowd):
    assert full.add([3000, 3001], crowd[:2]) == vdb.WriteCounts(added=2)
    assert full.upsert([3001, 3002, 3002], crowd[:3]) == vdb.WriteCounts(added=1, replaced=2)
    assert full.add([], np.empty((0, 16))) == full.upsert([], np.empty((0, 16)))
    assert full.add(3000, crowd[0], on_duplicate="skip").to_dict() == {
        "added": 0,
        "replaced": 0,
        "skipped": 1,
    }


def test_a_skipped_row_leaves_the_record_as_it_is(full, crowd):
    counts = full.add([5, 5000], -crowd[:2], [{"n": -1}, {"n": -2}], on_duplicate="skip")
    assert (counts.added, counts.skipped) == (1, 1)
    assert full.get(5).payload == {"n": 5} and np.array_equal(full.get(5).vector, crowd[5])
    assert full.get(5000).payload == {"n": -2}


def test_a_call_of_which_all_is_skipped_makes_no_commit(db, full, crowd):
    with db.snapshot() as before:
        full.add(range(10), crowd[:10], on_duplicate="skip")
    with db.snapshot() as after:
        assert before.commit == after.commit


def test_an_error_says_what_else_there_is(full, crowd):
    with pytest.raises(vdb.DuplicateIdError, match='upsert replaces it, on_duplicate="skip"'):
        full.add(5, crowd[5])
    with pytest.raises(vdb.InvalidArgumentError, match="'error', 'skip', 'replace', got 'ignore'"):
        full.add(5, crowd[5], on_duplicate="ignore")
    with pytest.raises(vdb.ArgumentTypeError, match="on_duplicate"):
        full.add(5, crowd[5], on_duplicate=True)


@pytest.mark.parametrize("rule", ["skip", "replace"])
def test_ids_of_the_other_kind_are_refused_all_the_same(full, crowd, rule):
    with pytest.raises(vdb.ArgumentTypeError):
        full.add("5", crowd[5], on_duplicate=rule)
