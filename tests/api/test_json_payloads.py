"""Payloads leave as columns of JSON, and what was marked as such comes in as what it stands for."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from vdb.kernel import ArrowStream

pa = pytest.importorskip("pyarrow")

PAYLOADS = [
    {"year": 1900, "text": 'q"\n é 日本'},
    None,
    {"a": [1, 2.0, {"b": None}], "big": 2**64 - 1, "small": -(2**63), "f": 1e-320},
    [1, "x"],
    "text",
    {},
]
MARK = {"ARROW:extension:name": "arrow.json", "ARROW:extension:metadata": ""}


@pytest.fixture
def docs(db):
    made = db.create_collection("docs", dim=2, metric="l2", fields={"year": "int"})
    made.add(range(len(PAYLOADS)), np.eye(len(PAYLOADS), 2), PAYLOADS)
    return made


@pytest.fixture
def again(db):
    return db.create_collection("again", dim=2, metric="l2")


def lossless(table):
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    try:
        connection.execute("SET arrow_lossless_conversion = true")
    except duckdb.CatalogException:
        pytest.skip("a DuckDB that has no type of Arrow for JSON")
    return connection.from_arrow(table)


def polars_frame(scan):
    frame = pytest.importorskip("polars").DataFrame(scan)
    if str(frame.schema["payload"]) == "String":
        pytest.skip("a polars without extension types")
    return frame


def table_with(column, kind="u", name="payload"):
    """Ids, vectors and a marked column of text."""
    types = {"u": pa.string(), "U": pa.large_string(), "vu": pa.string_view()}
    vectors = pa.array([[1.0, 2.0]] * len(column), pa.list_(pa.float32(), 2))
    fields = [
        pa.field("id", pa.int64()),
        pa.field("vector", vectors.type),
        pa.field(name, types[kind], metadata=MARK),
    ]
    ids = pa.array(range(len(column)))
    return pa.table([ids, vectors, pa.array(column, types[kind])], schema=pa.schema(fields))


def through_parquet(scan):
    parquet = pytest.importorskip("pyarrow.parquet")
    file = pa.BufferOutputStream()
    parquet.write_table(pa.table(scan), file)
    return parquet.read_table(pa.BufferReader(file.getvalue()))


KEEP_THE_MARK = {
    "pyarrow": pa.table,
    "pyarrow reader": lambda scan: scan.to_arrow(rows=2),
    "Parquet": through_parquet,
    "pandas of Arrow": lambda scan: pa.table(scan).to_pandas(
        types_mapper=pytest.importorskip("pandas").ArrowDtype
    ),
    "polars": polars_frame,
    "DuckDB": lambda scan: lossless(pa.table(scan)),
    "nanoarrow": lambda scan: pytest.importorskip("nanoarrow").ArrayStream(pa.table(scan)),
}


@pytest.mark.parametrize("form", KEEP_THE_MARK.values(), ids=KEEP_THE_MARK)
def test_a_table_made_of_a_scan_goes_in_again(db, docs, again, form):
    if form is not KEEP_THE_MARK["pyarrow reader"] and not hasattr(pa, "json_"):
        pytest.skip("a pyarrow without the type of JSON")
    again.add(form(docs.scan()), payload="payload")
    assert list(again.scan()) == list(docs.scan())
    again.set_payloads(form(docs.scan()), payload="payload")
    assert list(again.scan()) == list(docs.scan())
    assert not list(db.check())


LOSE_THE_MARK = {
    "pandas": lambda scan: scan.to_pandas(),
    "polars": lambda scan: scan.to_polars(),
    "DuckDB": lambda scan: pytest.importorskip("duckdb").from_arrow(pa.table(scan)),
    "numpy": lambda scan: np.array(
        [(r.id, r.vector, json.dumps(r.payload)) for r in scan],
        dtype=[("id", "i8"), ("vector", "f4", 2), ("payload", "U200")],
    ),
}


@pytest.mark.parametrize("name", LOSE_THE_MARK)
def test_json_without_its_mark_is_refused(db, docs, again, name):
    pytest.importorskip("duckdb" if name == "DuckDB" else name)
    table = LOSE_THE_MARK[name](docs.scan())
    with pytest.raises(vdb.InvalidPayloadError, match=r"table\['payload'\] holds JSON as plain"):
        again.add(table, payload="payload")
    assert len(again) == 0
    again.add(table, payload=False)
    assert len(again) == len(docs)
    assert not list(db.check())


@pytest.mark.parametrize(
    "texts",
    [["{", "}"], ["word", "{}"], ["1", "2"], ["true", None, '"x"'], [None, None], ["{}", "NaN,"]],
)
def test_texts_that_are_not_json_throughout_stay_texts(again, texts):
    vectors = pa.array([[1.0, 2.0]] * len(texts), pa.list_(pa.float32(), 2))
    plain = pa.table({"id": range(len(texts)), "vector": vectors, "t": pa.array(texts, "string")})
    again.add(plain, payload="t")
    assert [record.payload for record in again.scan()] == texts


def test_json_late_in_a_column_of_texts_changes_nothing(again):
    texts = ["{}"] * 100 + ["no JSON"]
    vectors = pa.array([[1.0, 2.0]] * len(texts), pa.list_(pa.float32(), 2))
    again.add(pa.table({"id": range(101), "vector": vectors, "t": texts}), payload="t")
    assert again.get(3).payload == "{}"


@pytest.mark.parametrize("kind", ["u", "U", "vu"])
def test_every_layout_of_text_may_be_marked(again, kind):
    if kind == "vu" and not hasattr(pa, "string_view"):
        pytest.skip("a pyarrow without views")
    long = {"key": "a text that is longer than twelve bytes é"}
    table = table_with([json.dumps(long), None, "[]", json.dumps(long, ensure_ascii=False)], kind)
    again.add(table.slice(1), payload="payload")
    assert [record.payload for record in again.scan()] == [None, [], long]


def test_beside_other_columns_it_is_a_value_among_them(again):
    again.add(table_with(['{"a": 1}', "2"], name="meta"))
    assert [record.payload for record in again.scan()] == [{"meta": {"a": 1}}, {"meta": 2}]
    again.upsert(table_with(["[1]", "null"], name="meta"), payload=["meta"])
    assert [record.payload for record in again.scan()] == [{"meta": [1]}, {"meta": None}]


def test_inside_structs_and_lists_it_is_decoded_too(again):
    text = pa.field("item", pa.string(), metadata=MARK)
    lists = pa.array([["{}", "1"], [None]], pa.list_(text))
    structs = pa.array([{"item": "[2]"}, None], pa.struct([text]))
    vectors = pa.array([[1.0, 2.0]] * 2, pa.list_(pa.float32(), 2))
    again.add(pa.table({"id": [1, 2], "vector": vectors, "l": lists, "s": structs}))
    assert [record.payload for record in again.scan()] == [
        {"l": [{}, 1], "s": {"item": [2]}},
        {"l": [None], "s": None},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *((text, "row 2 of .* holds no JSON") for text in ("{", "", "[" * 100_000)),
        *((text, r"payloads\[2\]") for text in ("NaN", "1e999", '"\\ud800"', str(2**64))),
    ],
    ids=["cut", "empty", "deep", "NaN", "infinite", "surrogate", "large"],
)
def test_what_no_payload_holds_is_refused_by_its_row(db, again, text, words):
    table = table_with(["{}", None, text, "{}"])
    for payload in ("payload", ["payload"]):
        with pytest.raises(vdb.InvalidPayloadError, match=words) as caught:
            again.add(pa.concat_tables([table.slice(0, 1), table.slice(1)]), payload=payload)
        assert caught.value.row == 2
    assert len(again) == 0
    assert not list(db.check())


def test_tables_say_that_payloads_are_json(docs):
    for table in (docs.scan(), docs.search([1, 0], k=2), docs.search_many([[1, 0]], k=2)):
        name, metadata = ArrowStream(table.__arrow_c_stream__()).type()[4][-1][1:3]
        assert name == "payload"
        assert metadata == {key.encode(): text.encode() for key, text in MARK.items()}


def test_the_frame_of_polars_has_text(docs):
    pl = pytest.importorskip("polars")
    frame = docs.scan().to_polars()
    assert frame.schema["payload"] == pl.String
    assert frame["payload"].str.contains("year").to_list()[:3] == [True, None, False]
