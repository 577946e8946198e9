"""A table as it is: columns by name, one commit, nothing read that is not there.

Most tables here come from a producer of Arrow's C interface that stands in the tests, so that no
library is needed; those of libraries follow.
"""

from __future__ import annotations

import gc

import numpy as np
import pytest

import vdb
from support import arrow_producer
from support.arrow_producer import Batches, Node, bitmap, numbers, table, texts, vectors
from vdb.model import arrow
from vdb.model.dtypes import DTYPES
from vdb.model.inputs import RowParts
from vdb.model.inputs.vectors import vector_parts
from vdb.model.metrics import METRICS

ROWS = [[0.5, 1.0, -2.0], [3.0, 4.0, 5.5], [7.0, 8.0, 9.0]]
CONTENT = [
    ("a", ROWS[0], {"n": 1, "t": "x"}),
    ("b", ROWS[1], {"n": 2, "t": None}),
    ("c", ROWS[2], {"n": 3, "t": "日本"}),
]


@pytest.fixture
def docs(db):
    return db.create_collection("d", dim=3, metric="l2")


def content(docs):
    return [(record.id, record.vector.tolist(), record.payload) for record in docs.scan()]


def example(**columns):
    return table(
        **{
            "id": texts(["a", "b", "c"]),
            "vector": vectors(ROWS),
            "n": numbers("l", "i8", [1, 2, 3]),
            "t": texts(["x", None, "日本"]),
        }
        | columns
    )


class TestColumns:
    def test_all_columns_but_two_make_the_payload(self, docs):
        docs.add(example())
        assert content(docs) == CONTENT

    def test_columns_are_chosen_by_name(self, docs):
        docs.add(example(), id="n", payload="t")
        assert content(docs) == [(1, ROWS[0], "x"), (2, ROWS[1], None), (3, ROWS[2], "日本")]
        docs.upsert(example(), id="n", payload=["t"])
        assert docs.get(2).payload == {"t": None}
        docs.upsert(example(), id="n", payload=False)
        assert docs.get(2).payload is None

    def test_without_other_columns_there_is_no_payload(self, docs):
        docs.add(table(key=texts(["a", "b", "c"]), v=vectors(ROWS)), id="key", vector="v")
        assert [payload for _, _, payload in content(docs)] == [None] * 3

    def test_payloads_are_replaced_from_a_table_without_vectors(self, docs):
        docs.add(example(), payload=False)
        docs.set_payloads(table(id=texts(["c", "a"]), n=numbers("l", "i8", [30, 10])))
        assert [payload for _, _, payload in content(docs)] == [{"n": 10}, None, {"n": 30}]
        docs.set_payloads(example())
        assert content(docs) == CONTENT

    @pytest.mark.parametrize(
        ("names", "text"),
        [
            ({"id": "key"}, r"no column 'key' for id=; its columns are 'id', 'vector', 'n', 't'"),
            ({"vector": "embedding"}, r"no column 'embedding' for vector=; its columns are 'id'"),
            ({"payload": "p"}, "no column 'p' for payload="),
            ({"payload": ["n", "p"]}, "no column 'p' for payload="),
        ],
    )
    def test_a_missing_column_is_answered_with_those_there_are(self, docs, names, text):
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            docs.add(example(), **names)
        assert len(docs) == 0

    @pytest.mark.parametrize("payload", [True, 3, b"t", {"n": 1}])
    def test_payload_names_columns(self, docs, payload):
        with pytest.raises(vdb.ArgumentTypeError, match="payload must name a column"):
            docs.add(example(), payload=payload)

    def test_two_columns_of_one_name_are_refused(self, docs):
        twice = example()
        twice.children[3].name = "n"
        with pytest.raises(vdb.InvalidArgumentError, match="has 2 columns 'n'"):
            docs.add(twice)

    def test_names_of_columns_need_a_table(self, docs):
        with pytest.raises(vdb.ArgumentTypeError, match=r"name columns of a table, .* got list"):
            docs.add([1], [ROWS[0]], id="key")
        with pytest.raises(vdb.InvalidArgumentError, match="payloads= stands beside a table"):
            docs.add(example(), payloads=[{}, {}, {}])
        with pytest.raises(vdb.ArgumentTypeError, match="payloads are missing"):
            docs.set_payloads(["a"])

    def test_a_table_beside_vectors_is_no_column_of_ids(self, docs):
        with pytest.raises(vdb.ArgumentTypeError, match="it is a table; give one of its columns"):
            docs.add(example(), ROWS)

    def test_each_of_the_three_may_be_a_column(self, docs):
        docs.add(texts(["a", "b", "c"]), vectors(ROWS), example(id=numbers("l", "i8", [7, 8, 9])))
        assert docs.get("b").payload["id"] == 8
        docs.upsert(["a"], ROWS[:1], texts(["text"]))
        assert docs.get("a").payload == "text"


class TestStreams:
    def test_many_batches_are_one_commit(self, db, docs):
        before = db.info().commit
        parts = [example() for _ in range(5)]
        for number, part in enumerate(parts):
            part.children[0] = texts([f"{number}a", f"{number}b", f"{number}c"], name="id")
        docs.add(Batches(parts))
        assert len(docs) == 15
        assert db.info().commit == before + 1
        assert docs.get("4b").vector.tolist() == ROWS[1]
        assert docs.get("4c").payload == {"n": 3, "t": "日本"}

    def test_rows_are_counted_through_all_batches(self, docs):
        bad = example(vector=vectors([ROWS[0], [0, np.nan, 0], ROWS[1]]))
        with pytest.raises(
            vdb.InvalidVectorError, match=r"table\['vector'\]\[4\] holds NaN at position 1"
        ) as caught:
            docs.add(Batches([example(), bad]))
        assert caught.value.row == 4
        assert len(docs) == 0

    def test_batches_are_let_go_of_as_their_vectors_are_stored(self, docs, monkeypatch):
        ids = (numbers("l", "i8", range(3 * number, 3 * number + 3)) for number in range(4))
        stream = Batches([table(id=column, vector=vectors(ROWS)) for column in ids])
        before, left = arrow_producer.live(), []
        drained = RowParts.drained

        def watched(parts):
            for part in drained(parts):
                left.append(arrow_producer.live() - before)
                yield part

        monkeypatch.setattr(RowParts, "drained", watched)
        gc.disable()
        try:
            docs.add(stream)
            left.append(arrow_producer.live() - before)
        finally:
            gc.enable()
        assert left == [4, 3, 2, 1, 0]

    def test_without_batches_there_is_nothing_to_add(self, db, docs):
        docs.add(Batches([], type=example()))
        docs.add(iter([]))
        docs.add([])
        assert len(docs) == 0

    def test_a_graph_is_the_same_however_the_rows_lie(self, db):
        rows = np.random.default_rng(1).normal(size=(3000, 8)).astype(np.float32)
        ids = np.arange(3000)
        one = db.create_collection("one", dim=8, metric="cosine")
        one.add(ids, rows)
        many = db.create_collection("many", dim=8, metric="cosine")
        many.add(
            Batches(
                [
                    table(id=numbers("l", "i8", ids[part]), vector=vectors(rows[part]))
                    for part in (slice(0, 7), slice(7, 2000), slice(2000, 3000))
                ]
            )
        )
        found = many.search_many(rows[:100], k=10, ef=20)
        assert found == one.search_many(rows[:100], k=10, ef=20)

    def test_several_tables_are_refused_with_how_to_give_them(self, docs):
        with pytest.raises(vdb.ArgumentTypeError, match=r"got .*; batches are one table: pyarrow"):
            docs.add([example(), example()])
        assert content(docs) == []

    def test_a_frame_that_was_not_computed_is_refused_with_how_to_give_it(self, docs):
        polars = pytest.importorskip("polars")
        with pytest.raises(vdb.ArgumentTypeError, match=r"got LazyFrame; frame\.collect\(\) makes"):
            docs.add(polars.LazyFrame({"id": [1], "vector": [[1.0, 2.0, 3.0]]}))


class TestNulls:
    """What lies under a null is anything, and is never read."""

    def test_a_null_row_is_refused(self, docs):
        column = vectors(ROWS)
        column.buffers = [bitmap([True, False, True])]
        with pytest.raises(
            vdb.InvalidVectorError, match=r"table\['vector'\]\[1\] is missing \(null\)"
        ) as caught:
            docs.add(example(vector=column))
        assert caught.value.row == 1

    def test_a_null_number_is_refused(self, docs):
        column = vectors(ROWS)
        column.children[0].buffers[0] = bitmap([True] * 7 + [False, True])
        with pytest.raises(vdb.InvalidVectorError, match=r"\[2\] holds null at position 1"):
            docs.add(example(vector=column))

    def test_a_null_outside_of_the_part_that_is_meant_does_no_harm(self, docs):
        column = vectors([[9, 9, 9], *ROWS])
        column.buffers = [bitmap([False, True, True, True])]
        column.children[0].buffers[0] = bitmap([False] * 3 + [True] * 9)
        column.offset, column.length = 1, 3
        docs.add(["a", "b", "c"], column)
        assert [vector for _, vector, _ in content(docs)] == ROWS

    def test_a_row_of_a_table_that_is_null_has_no_id(self, docs):
        whole = example()
        whole.buffers, whole.null_count = [bitmap([True, False, True])], 1
        with pytest.raises(vdb.ArgumentTypeError, match=r"table\['id'\]\[1\] must be an int or"):
            docs.add(whole)
        with pytest.raises(vdb.InvalidVectorError, match=r"\[1\] is missing"):
            docs.add([1, 2, 3], arrow.read(whole).fields()[1])

    def test_nulls_in_payloads_are_none(self, docs):
        column = numbers("g", "f8", [1.5, np.nan, 2.5])
        column.buffers[0] = bitmap([True, False, True])
        docs.add(example(n=column))
        assert [payload["n"] for _, _, payload in content(docs)] == [1.5, None, 2.5]

    def test_a_type_without_values_is_refused_by_its_column(self, docs):
        interval = numbers("tiM", "i4", [1, 2, 3])
        with pytest.raises(vdb.ArgumentTypeError, match="column 'n': Arrow's type interval"):
            docs.add(example(n=interval))
        assert content(docs) == []

    def test_nan_in_payloads_is_refused_by_its_row(self, docs):
        with pytest.raises(vdb.InvalidPayloadError, match=r"payloads\[1\]\['n'\]") as caught:
            docs.add(example(n=numbers("g", "f8", [1.5, np.nan, 2.5])))
        assert caught.value.row == 1


class TestVectors:
    @pytest.mark.parametrize(
        ("kind", "format_"),
        [("f2", "e"), ("f4", "f"), ("f8", "g"), ("i1", "c"), ("u1", "C"), ("i4", "i"), ("u8", "L")],
    )
    def test_numbers_of_every_type_are_taken(self, docs, kind, format_):
        rows = [[1, 2, 3], [4, 5, 6]]
        docs.add([1, 2], vectors(rows, kind, format_))
        assert [vector for _, vector, _ in content(docs)] == rows

    def test_nothing_is_copied_where_the_type_is_right(self, db):
        column = Batches([vectors(ROWS), vectors(ROWS)])
        parts = vector_parts(
            column, dim=3, metric=METRICS["l2"], dtype=DTYPES["float32"], rows=6, name="v"
        )
        assert len(parts.parts) == 2
        assert not any(part.flags.owndata or part.flags.writeable for part in parts.parts)

    def test_bits_come_packed_or_as_booleans(self, db):
        bits = db.create_collection("bits", dim=16, metric="hamming", dtype="bit")
        truth = np.random.default_rng(1).integers(0, 2, (2, 16)).astype(bool)
        flags = Node("b", 32, [None, bitmap(truth.ravel())], name="item")
        bits.add([1, 2], Node("+w:16", 2, [None], [flags]))
        bits.add([3, 4], vectors(np.packbits(truth, axis=1), "u1", "C"))
        stored = [record.vector.tolist() for record in bits.scan()]
        assert stored == np.packbits(truth, axis=1).tolist() * 2

    @pytest.mark.parametrize("width", ["+l", "+L", "+vl", "+vL"])
    def test_lists_of_one_length_are_vectors(self, docs, width):
        kind = "i8" if width in ("+L", "+vL") else "i4"
        element = numbers("f", "f4", [99, *np.ravel(ROWS)])
        bounds = [np.array([1, 4, 7], kind), np.array([3, 3, 3], kind)]
        if "v" not in width:
            bounds = [np.array([1, 4, 7, 10], kind)]
        docs.add(["a", "b", "c"], Node(width, 3, [None, *bounds], [element]))
        assert [vector for _, vector, _ in content(docs)] == ROWS

    def test_views_of_lists_may_lie_in_any_order(self, docs):
        element = numbers("f", "f4", [99, *np.ravel(ROWS)])
        starts, sizes = np.array([7, 1, 7], "i4"), np.array([3, 3, 3], "i4")
        docs.add(["a", "b", "c"], Node("+vl", 3, [None, starts, sizes], [element]))
        assert [vector for _, vector, _ in content(docs)] == [ROWS[2], ROWS[0], ROWS[2]]

    def test_lists_of_other_lengths_are_named(self, docs):
        offsets = np.array([0, 3, 5, 8], "i4")
        column = Node("+l", 3, [None, offsets], [numbers("f", "f4", range(8))])
        with pytest.raises(vdb.DimensionMismatchError, match=r"\['vector'\]\[1\] .* got 2"):
            docs.add(example(vector=column))
        longer = Node("+l", 2, [None, np.array([0, 4, 7], "i4")], [numbers("f", "f4", range(7))])
        with pytest.raises(vdb.DimensionMismatchError, match=r"^vectors\[0\] must .* got 4"):
            docs.add([1, 2], longer)
        with pytest.raises(vdb.DimensionMismatchError, match=r"must have 3 dimensions .* got 2"):
            docs.add([1], vectors([[1, 2]]))

    def test_tensors_are_read_in_the_order_of_their_axes(self, db):
        docs = db.create_collection("t", dim=6, metric="l2")
        stored = vectors([[0, 1, 2, 3, 4, 5]])
        stored.metadata = {
            b"ARROW:extension:name": b"arrow.fixed_shape_tensor",
            b"ARROW:extension:metadata": b'{"shape": [2, 3], "permutation": [1, 0]}',
        }
        docs.add([1], stored)
        assert docs.get(1).vector.tolist() == [0, 3, 1, 4, 2, 5]
        stored.metadata[b"ARROW:extension:metadata"] = (
            b'{"shape": [2, 3], "permutation": [0, 1], "dim_names": ["x", "y"]}'
        )
        docs.add([2], stored)
        assert docs.get(2).vector.tolist() == [0, 1, 2, 3, 4, 5]

    def test_bfloat16_is_read_where_it_is_named(self, docs):
        halves = (np.array(ROWS, np.float32).view(np.uint32) >> 16).astype(np.uint16)
        element = Node("w:2", 9, [None, halves], name="item")
        column = Node("+w:3", 3, [None], [element])
        with pytest.raises(vdb.ArgumentTypeError, match="cast it to float32"):
            docs.add([1, 2, 3], column)
        element.metadata = {b"ARROW:extension:name": b"lance.bfloat16"}
        docs.add([1, 2, 3], column)
        assert [vector for _, vector, _ in content(docs)] == ROWS

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            (texts(["a", "b", "c"]), "Arrow's type string; parse the texts"),
            (
                Node("c", 3, [None, b"\0\0\0"], dictionary=vectors(ROWS[:1])),
                "dictionary<fixed_size_list<float32>.3.>; decode it first",
            ),
            (
                Node("+r", 3, [], [numbers("i", "i4", [3]), vectors(ROWS[:1])]),
                "run_end_encoded<.*>; decode it first",
            ),
            (
                Node("+w:1", 3, [None], [vectors(ROWS)]),
                "fixed_size_list<fixed_size_list<float32>.3.>.1.; a vector is one list",
            ),
            (
                Node("+w:1", 3, [None], [Node("d:10,2", 3, [None, bytes(48)])]),
                "fixed_size_list<decimal>.1.; cast its elements to float32",
            ),
            (Node("w:12", 3, [None, bytes(36)]), "fixed_size_binary; read its bytes with"),
        ],
        ids=["text", "dictionary", "runs", "nested", "decimal", "binary"],
    )
    def test_what_came_is_named_with_what_to_write(self, docs, column, text):
        with pytest.raises(vdb.ArgumentTypeError, match=f"must hold real numbers, got .* {text}"):
            docs.add(example(vector=column))
        assert len(docs) == 0


class TestRows:
    def test_rows_may_come_one_by_one(self, docs):
        rows = ({"id": i, "vector": v, "payload": p} for i, v, p in CONTENT)
        docs.add(rows)
        assert content(docs) == CONTENT
        docs.upsert(docs.scan())
        assert content(docs) == CONTENT
        docs.upsert(list(docs.scan()), payload=False)
        assert {payload for _, _, payload in content(docs)} == {None}

    def test_keys_are_named_as_columns_are(self, docs):
        rows = [{"k": i, "v": np.array(v), **p} for i, v, p in CONTENT]
        docs.add(rows, id="k", vector="v")
        assert content(docs) == CONTENT
        docs.set_payloads(iter(rows), id="k", vector="v", payload=["n"])
        assert docs.get("b").payload == {"n": 2}
        docs.upsert(rows, id="k", vector="v", payload="t")
        assert docs.get("a").payload == "x"

    @pytest.mark.parametrize(
        ("row", "error", "text"),
        [
            ({"id": 2}, vdb.InvalidArgumentError, r"rows\[1\] has no 'vector'; its keys are 'id'"),
            (7, vdb.ArgumentTypeError, r"rows\[1\] must be a dict or a Record .* got int"),
            (
                {"id": 2, "vector": ROWS[0], "payload": 1, "x": 2},
                vdb.InvalidArgumentError,
                r"rows\[1\] has a 'payload' and 'x' beside it",
            ),
            (
                {"id": 2, "vector": ROWS[0][:2]},
                vdb.DimensionMismatchError,
                r"rows\['vector'\]\[1\] must have 3 .* got 2",
            ),
            (
                {"id": 2.5, "vector": ROWS[0]},
                vdb.ArgumentTypeError,
                r"rows\['id'\]\[1\] must be an int or a str, got float",
            ),
        ],
    )
    def test_a_row_that_is_none_is_named(self, docs, row, error, text):
        with pytest.raises(error, match=text):
            docs.add([{"id": 1, "vector": ROWS[0]}, row])
        assert len(docs) == 0

    def test_an_iterator_that_fails_adds_nothing(self, docs):
        def rows():
            yield {"id": 1, "vector": ROWS[0]}
            raise OSError("the disk is gone")

        with pytest.raises(vdb.ArgumentTypeError, match=r"rows cannot be read: .*disk is gone"):
            docs.add(rows())
        assert len(docs) == 0

    def test_a_structured_array_is_a_table(self, docs):
        rows = np.array(
            [(1, ROWS[0], "x"), (2, ROWS[1], "y")],
            dtype=[("id", "i8"), ("vector", "f4", 3), ("t", "U2")],
        )
        docs.add(rows)
        assert content(docs) == [(1, ROWS[0], {"t": "x"}), (2, ROWS[1], {"t": "y"})]
