"""Vector sets of a server of Redis.

Where VDB_TEST_REDIS is the address of a database, vector sets are made there under keys that begin
with "vdb tests", read, and removed. The rest needs no server.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest

import vdb
from sources.records import COUNT, names, payloads, vectors
from vdb.sources.databases.redis_vset import _decoded, _payload
from vdb.sources.reading.plain_json import PlainJsonError

ADDRESS = os.environ.get("VDB_TEST_REDIS", "")
KEY = "vdb tests: "
SECRET = "s3cret"
live = pytest.mark.skipif(not ADDRESS, reason="VDB_TEST_REDIS names no database")


@pytest.fixture(scope="module")
def client():
    redis = pytest.importorskip("redis")
    with redis.Redis.from_url(ADDRESS) as client:
        remove(client)
        for kind in ("NOQUANT", "Q8", "BIN"):
            for name, vector, payload in zip(names(), vectors(), payloads(), strict=True):
                attributes = [] if payload is None else ["SETATTR", json.dumps(payload)]
                add(client, kind, vector, name, kind, "M", 12, *attributes)
        for vector, name in zip(vectors(), names(), strict=True):
            add(client, "reduced", vector, name, "NOQUANT", reduce=4)
        add(client, "odd", vectors()[0], "sound", "NOQUANT")
        add(client, "odd", vectors()[1], b"\xff", "NOQUANT")
        add(client, "odd", vectors()[2], "text", "NOQUANT", "SETATTR", "no JSON")
        add(client, "odd", vectors()[3], "list", "NOQUANT", "SETATTR", "[1]")
        yield client
        remove(client)


def add(client, key, vector, name, *options, reduce=None):
    front = [] if reduce is None else ["REDUCE", reduce]
    client.execute_command("VADD", KEY + key, *front, "FP32", vector.tobytes(), name, *options)


def remove(client):
    for key in client.scan_iter(f"{KEY}*"):
        client.delete(key)


def everything(key):
    with vdb.sources.open(ADDRESS, key=KEY + key) as source:
        batches = list(source.batches(7))
        ids = [one for batch in batches for one in batch.id_list()]
        rows = np.concatenate([batch.vectors for batch in batches])
        given = [one for batch in batches for one in batch.payload_list()]
        refusals = [one for batch in batches for one in batch.refusals]
        return source.info, ids, rows, given, refusals


@live
@pytest.mark.parametrize(("kind", "nearness"), [("NOQUANT", 2e-7), ("Q8", 1 / 120), ("BIN", None)])
def test_elements_are_records_with_their_vectors_and_attributes(client, kind, nearness):
    info, ids, rows, given, refusals = everything(kind)
    assert ids == sorted(names()) and not refusals
    places = [names().index(one) for one in ids]
    assert given == [payloads()[place] for place in places]
    original = vectors()[places]
    if nearness is None:
        assert np.array_equal(rows, np.where(original > 0, 1, -1))
    else:
        largest = np.abs(original).max(axis=1, keepdims=True)
        assert np.all(np.abs(rows - original) <= nearness * largest)
    embedded = [client.execute_command("VEMB", KEY + kind, one) for one in ids]
    assert np.array_equal(rows, np.array(embedded, np.float64).astype(np.float32))
    assert (info.format, info.count, info.dim, info.ids) == ("redis", COUNT, 16, "str")
    assert (info.metric, info.index.M) == ("cosine", 12)
    assert info.vectors == ("rounded" if kind == "NOQUANT" else "quantized")


@live
@pytest.mark.parametrize("kind", ["NOQUANT", "Q8", "BIN"])
def test_the_server_and_the_collection_agree(client, kind):
    version = client.info("server")["redis_version"]
    with vdb.temporary() as db:
        report = db.import_source(ADDRESS, "docs", options={"key": KEY + kind}, verify=COUNT)
        assert (report.added, report.metric) == (COUNT, "cosine")
        assert report.scores in ("redis-vset", "redis-vset-8.0")
        verification = report.verification
        assert verification.agrees and verification.compared == 10 * COUNT
        codes = kind == "Q8"  # which the server compares in whole numbers
        assert verification.engine == ("exact search" if codes else f"Redis {version}")
        assert list(db.check()) == []


@live
def test_elements_that_cannot_be_records_are_refused(client):
    _, ids, rows, _, refusals = everything("odd")
    assert ids == ["sound"] and np.allclose(rows, vectors()[:1], rtol=2e-7)
    assert [(one.place, one.id) for one in refusals] == [
        ("element 0", "list"),
        ("element 2", "text"),
        ("element 3", r"\xff"),
    ]
    assert [one.reason.split(":")[0] for one in refusals][2] == (
        "the name of the element is not UTF-8"
    )


@live
def test_reduced_vectors_are_read_and_said_so(client):
    info, _, rows, _, _ = everything("reduced")
    assert (info.dim, info.vectors) == (4, "quantized") and rows.shape == (COUNT, 4)
    assert "16 numbers were reduced to 4" in info.notes[1]
    with vdb.sources.open(ADDRESS, key=f"{KEY}reduced") as source:
        assert source.engine("cosine") is None


@live
def test_a_key_is_asked_for_by_name(client):
    with pytest.raises(vdb.InvalidArgumentError, match=r"several vector sets: give key=.*Q8"):
        vdb.sources.open(ADDRESS)
    with pytest.raises(vdb.InvalidArgumentError, match="no vector set 'none'"):
        vdb.sources.open(ADDRESS, key="none")
    client.set(f"{KEY}text", "a text")
    with pytest.raises(vdb.RemoteError, match="WRONGTYPE"):
        vdb.sources.open(ADDRESS, key=f"{KEY}text")
    source = vdb.sources.open(ADDRESS, key=f"{KEY}Q8")
    source.close()
    with pytest.raises(vdb.ClosedError):
        next(source.batches())


@live
def test_an_element_that_is_removed_meanwhile_is_counted_as_deleted(client):
    for number in range(1001):
        add(client, "many", vectors()[number % COUNT], f"{number:04}", "NOQUANT")
    with vdb.sources.open(ADDRESS, key=f"{KEY}many") as source:
        batches = source.batches()
        assert len(next(batches)) == 1000
        client.execute_command("VREM", f"{KEY}many", "1000")
        assert sum(len(batch) for batch in batches) == 0
        assert source.skipped == {"deleted": 1}


@pytest.mark.parametrize(
    "address",
    [
        f"redis://:{SECRET}@127.0.0.1:1/0",
        f"rediss://me:{SECRET}@127.0.0.1:1/0",
        f"redis://127.0.0.1:1/0?password={SECRET}",
        f"redis://me:{SECRET}/@127.0.0.1:1/0",
        f"redis://me:{SECRET}@127.0.0.1:port/0",
    ],
)
def test_no_error_holds_the_password(address):
    pytest.importorskip("redis")
    with pytest.raises((vdb.RemoteError, vdb.InvalidArgumentError)) as caught:
        vdb.sources.open(address, key="docs")
    error = caught.value
    assert SECRET not in f"{error} {error.__dict__}" and error.__cause__ is None


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImportError, match="pip install redis"):
        vdb.sources.open("redis://host")


def test_codes_are_decoded_as_the_server_does():
    data = np.array([0.6, -0.8], "<f4").tobytes()
    assert _decoded("float32", data, 5.0, 0.0, 2).tolist() == pytest.approx([3, -4])
    codes = np.array([127, -64], np.int8).tobytes()
    assert _decoded("int8", codes, 2.0, 0.5, 2).tolist() == pytest.approx([1, -64 / 127])
    assert _decoded("bit", b"\x05" + bytes(7), 1.0, 0.0, 3).tolist() == [1, -1, 1]
    for kind, wrong in (("float32", data[:4]), ("int8", codes[:1]), ("bit", b"")):
        with pytest.raises(ValueError, match="not 2"):
            _decoded(kind, wrong, 1.0, 1.0, 2)


def test_only_an_object_of_attributes_is_a_payload():
    assert _payload(None) is None and _payload(b"") is None
    assert _payload(b'{"a": 1}') == {"a": 1}
    for text in (b"[1]", b"text", b'{"a": NaN}', b'"a"'):
        with pytest.raises(PlainJsonError):
            _payload(text)
