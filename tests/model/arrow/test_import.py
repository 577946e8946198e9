"""Structs of the Arrow C interfaces are taken over, and released once, whatever happens."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import vdb
from support import arrow_producer as producer
from support.arrow_producer import Batches, Node, numbers, table, vectors
from vdb.kernel import ArrowStream, import_arrow_array
from vdb.model import arrow

ROWS = [[0.5, 1.0, -2.0], [3.0, 4.0, 5.5]]


@pytest.fixture(autouse=True)
def releases():
    """All that a test takes over is released at its end, each struct once."""
    producer.RELEASED.clear()
    before = producer.live()
    yield producer.RELEASED
    gc.collect()
    assert producer.live() == before


def test_an_array_is_released_when_its_last_view_is_gone(releases):
    column = arrow.read(vectors(ROWS))
    assert releases == ["schema"]
    (matrix,) = arrow.matrices(column, "v", None)
    del column
    assert releases == ["schema"]
    assert matrix.tolist() == ROWS
    part = matrix[1:]
    del matrix
    assert part.tolist() == ROWS[1:]
    assert releases == ["schema"]
    del part
    assert releases == ["schema", "array"]


def test_a_view_cannot_be_written(releases):
    (matrix,) = arrow.matrices(arrow.read(vectors(ROWS)), "v", None)
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1


def test_a_stream_is_released_when_it_was_read(releases):
    column = arrow.read(Batches([vectors(ROWS), vectors(ROWS[:1])]))
    assert releases == ["schema", "stream"]
    assert len(column) == 3
    del column
    assert sorted(releases) == ["array", "array", "schema", "stream"]


def test_a_stream_that_fails_is_released_and_says_why(db, releases):
    docs = db.create_collection("d", dim=3, metric="l2")
    parts = [table(id=numbers("l", "i8", [1, 2]), vector=vectors(ROWS))]
    with pytest.raises(vdb.ArgumentTypeError, match=r"table cannot be read: .*disk is gone"):
        docs.add(Batches(parts, error="the disk is gone"))
    assert len(docs) == 0
    gc.collect()
    assert releases.count("stream") == 1


def test_what_nobody_takes_is_released_by_its_capsule(releases):
    capsules = vectors(ROWS).__arrow_c_array__()
    del capsules
    assert sorted(releases) == ["array", "schema"]


def test_a_capsule_is_taken_over_once():
    node = vectors(ROWS)
    schema, array = node.__arrow_c_array__()
    import_arrow_array(schema, array)
    with pytest.raises(ValueError, match="was used before"):
        import_arrow_array(schema, array)
    with pytest.raises(ValueError, match="no capsule of the name arrow_array"):
        import_arrow_array(schema, schema)
    with pytest.raises(ValueError, match="no capsule of the name arrow_array_stream"):
        ArrowStream(object())


@pytest.mark.parametrize(
    "node",
    [
        Node("+w:3", 5, [None], [numbers("f", "f4", [1, 2, 3])]),
        Node("+l", 1, [None, np.array([0, 9], "i4")], [numbers("f", "f4", [1, 2, 3])]),
        Node("+l", -1, [None, b""], [numbers("f", "f4", [])]),
        Node("+l", 1, [None, None], [numbers("f", "f4", [1, 2, 3])]),
        Node("+l", 1, [], [numbers("f", "f4", [1, 2, 3])]),
        Node("+l", 2, [None, np.array([0, 3, 0], "i4")], [numbers("f", "f4", [1, 2, 3])]),
    ],
    ids=["shorter", "beyond", "negative", "no offsets", "no buffers", "backwards"],
)
def test_an_array_that_does_not_fit_its_type_is_refused(db, node):
    docs = db.create_collection("d", dim=3, metric="l2")
    with pytest.raises((vdb.ArgumentTypeError, vdb.DimensionMismatchError)):
        docs.add(list(range(abs(node.length))), node)
    assert len(docs) == 0


def test_a_type_nested_without_end_is_refused():
    node = numbers("c", "i1", [1])
    for _ in range(100):
        node = Node("+l", 1, [None, np.array([0, 1], "i4")], [node])
    with pytest.raises(ValueError, match="nested too deep"):
        arrow.read(node)


def test_metadata_and_names_are_read():
    node = table(n=numbers("l", "i8", [1], metadata={b"ARROW:extension:name": "ä".encode()}))
    column = arrow.read(node)
    assert column.is_table
    (field,) = column.fields()
    assert (field.type.name, field.type.extension) == ("n", "ä")
    assert arrow.python_values(field) == [1]
