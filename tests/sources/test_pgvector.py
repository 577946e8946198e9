"""Dumps of PostgreSQL 17 with pgvector 0.8.0, and what COPY wrote: all of it, in every form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.records import COUNT, bits, names, numbers, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "pgvector"
ITEMS = "id:bigint,title:text,score:double precision,even:boolean,tags:jsonb,embedding:vector"
THIRDS = np.where(np.arange(16) % 3 == 0, vectors(), 0)
ODD = "Title 3 ü\\t\\\\ tab\tand\nline"


def everything(name, **options):
    with vdb.sources.open(FILES / name, "pgvector", **options) as source:
        batches = list(source.batches(7))
        ids = [one for batch in batches for one in batch.id_list()]
        payloads = [one for batch in batches for one in batch.payload_list()]
        refusals = [one for batch in batches for one in batch.refusals]
        rows = np.concatenate([batch.vectors for batch in batches])
        return source.info, ids, rows, payloads, refusals


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dump.sql", {"table": "items", "vector": "embedding"}),
        ("items.txt", {"columns": ITEMS}),
        ("items.copy", {"columns": f"{ITEMS},small:halfvec", "vector": "embedding"}),
    ],
)
def test_every_form_has_the_same_records(name, options):
    info, ids, rows, payloads, refusals = everything(name, **options)
    assert ids == numbers().tolist()
    assert np.array_equal(rows, vectors()) and rows.dtype == np.float32
    assert [one["score"] for one in payloads] == [i / 4 for i in range(COUNT)]
    assert [one["even"] for one in payloads] == [i % 2 == 0 for i in range(COUNT)]
    assert payloads[3]["title"] == ODD and payloads[5]["tags"] == {"a": [5]}
    assert [(one.id, one.reason) for one in refusals] == [(1, "embedding, the vector, is null")]
    assert (info.dim, info.ids, info.convention) == (16, "int", "pgvector")
    assert info.fields["score"] == "float" and info.fields["even"] == "bool"


def test_a_dump_says_metric_index_and_types():
    info, _, _, payloads, _ = everything("dump.sql", table="items", vector="embedding")
    assert (info.metric, info.index) == ("cosine", vdb.HNSW(M=12, ef_construction=50))
    assert info.fields["made"] == "datetime"
    assert payloads[7]["made"] == "2024-01-02T03:04:07+00:00"
    assert "small" in info.notes[0]
    with vdb.temporary() as db:
        place = FILES / "dump.sql"
        options = {"table": "items", "vector": "embedding"}
        report = db.import_source(place, "docs", options=options, verify=COUNT)
        assert (report.added, report.refused, report.metric) == (COUNT, 1, "cosine")
        assert report.scores == "pgvector" and report.verification.agrees
        docs = db.collection("docs")
        assert len(list(docs.ids(where={"made": {"$gte": "2024-01-02T03:04:30Z"}}))) == 10
        # What the server answered: SELECT id, embedding <=> (that of 5) ORDER BY 2 LIMIT 3
        hits = docs.search(vectors()[0], k=3, exact=True)
        assert hits.ids.tolist() == [5, 85083, 13812]
        assert hits.scores == pytest.approx([0, 0.34858507092641744, 0.3513969045380453], abs=1e-15)
        assert list(db.check()) == []


def test_half_sparse_and_bit_vectors_are_exact():
    info, _, rows, _, _ = everything("dump.sql", table="items", vector="small")
    assert (info.dtype, info.metric) == ("float16", "l2")
    assert rows.dtype == np.float16 and np.array_equal(rows, vectors())
    sparse = {"columns": "id:int,v:sparsevec"}
    for name, options in (("dump.sql", {"table": "sparse"}), ("sparse.copy", sparse)):
        assert np.array_equal(everything(name, **options)[2], THIRDS)
    codes = {"columns": "key:text,code:bit(64)", "id": "key"}
    for name, options in (("dump.sql", {"table": "codes", "id": "key"}), ("codes.copy", codes)):
        info, ids, rows, _, _ = everything(name, **options)
        assert (info.dtype, info.metrics, ids) == ("bit", ("hamming",), names())
        assert np.array_equal(rows, bits())


def test_csv_is_read_as_copy_wrote_it():
    columns = "id:bigint,title:text,embedding:vector(16)"
    _, ids, rows, payloads, _ = everything("items.csv", columns=columns, csv=True)
    assert ids == numbers().tolist() and np.array_equal(rows, vectors())
    assert payloads[3] == {"title": ODD}


def test_what_is_not_said_is_asked_for():
    with pytest.raises(vdb.InvalidArgumentError, match="codes, items, sparse"):
        vdb.sources.open(FILES / "dump.sql")
    with pytest.raises(vdb.InvalidArgumentError, match="embedding, small"):
        vdb.sources.open(FILES / "dump.sql", table="items")
    with pytest.raises(vdb.InvalidArgumentError, match="columns"):
        vdb.sources.open(FILES / "items.copy")
    with pytest.raises(vdb.InvalidArgumentError, match="id="):
        vdb.sources.open(FILES / "dump.sql", table="codes", id="no")


@pytest.mark.parametrize("name", ["items.copy", "codes.copy", "sparse.copy"])
def test_a_binary_file_that_is_cut_short_is_refused(name, tmp_path):
    columns = {
        "items.copy": f"{ITEMS},small:halfvec",
        "codes.copy": "key:text,code:bit",
        "sparse.copy": "id:int,v:sparsevec",
    }[name]
    whole = (FILES / name).read_bytes()
    for length in range(11, len(whole), 37):
        place = tmp_path / name
        place.write_bytes(whole[:length])
        vector = {"vector": "embedding"} if name == "items.copy" else {}
        with pytest.raises(vdb.SourceError) as caught:
            for _ in vdb.sources.open(place, columns=columns, **vector).batches():
                pass
        assert caught.value.place


def test_rows_that_are_none_are_refused_with_their_line(tmp_path):
    place = tmp_path / "a.txt"
    place.write_text("1\t[1,2]\nx\t[1,2]\n3\t[1,2,3]\n4\n5\t[1,b]\n6\t\\N\n")
    with vdb.sources.open(place, "pgvector", columns="id:int,v:vector") as source:
        (batch,) = source.batches()
    assert batch.id_list() == [1]
    assert [one.place for one in batch.refusals] == [f"line {number}" for number in range(2, 7)]


DUMP = r"""--
-- PostgreSQL database dump
--

CREATE TABLE public.items (
    id integer NOT NULL,
    v public.vector(4),
    tags text[]
);

COPY public.items (id, v, tags) FROM stdin;
1	[1,2,3,4]	{"a,b","c\\"d",NULL}
2	\N	{}
\.

"""
INDEXES = (
    "CREATE INDEX a ON public.items USING hnsw "
    "(((public.binary_quantize(v))::bit(4)) public.bit_hamming_ops);\n"
    "CREATE INDEX b ON public.items USING hnsw (((v)::public.halfvec(4)) public.halfvec_ip_ops) "
    "WITH (m='8');\n"
)


def test_an_index_over_a_cast_says_the_metric_and_one_that_differs_leaves_it_open(tmp_path):
    place = tmp_path / "a.sql"
    place.write_text(DUMP + INDEXES)
    with vdb.sources.open(place, optional=True) as source:
        assert (source.info.metric, source.info.index) == ("ip", vdb.HNSW(M=8, ef_construction=64))
        (batch,) = source.batches()
    assert batch.payloads == [{"tags": ["a,b", 'c"d', None]}, {"tags": []}]
    assert batch.id_list() == [1, 2] and batch.missing.tolist() == [False, True]
    other = "CREATE INDEX c ON public.items USING ivfflat (v public.vector_l2_ops);\n"
    place.write_text(DUMP + INDEXES + other)
    assert vdb.sources.open(place).info.metric is None
    info = vdb.sources.open(place, metric="l2").info
    assert (info.metric, info.index) == ("l2", None)
