"""A load: each row once whatever is repeated, and files that are bad are named with the row."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from vdb.cluster.loading import worker
from vdb.cluster.loading.call import LoadArguments, load
from vdb.cluster.loading.worker import Target
from vdb.maintenance.repository.directory_store import DirectoryStore

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

DIM = 8
ROWS = 300


class Collection:
    """An embedded collection that knows the tokens of its writes, as a sharded one does."""

    def __init__(self, collection):
        self.collection = collection
        self.answers = {}
        self.writes = 0
        self.failures = []

    def __getattr__(self, name):
        return getattr(self.collection, name)

    def add(self, ids, vectors, payloads, *, on_duplicate, token):
        self.writes += 1
        if token not in self.answers:
            self.answers[token] = self.collection.add(
                ids, vectors, payloads, on_duplicate=on_duplicate
            )
        if self.failures:
            raise self.failures.pop()
        return self.answers[token]


@pytest.fixture
def vectors():
    return np.random.default_rng(7).standard_normal((3 * ROWS, DIM)).astype(np.float32)


@pytest.fixture
def folder(tmp_path, vectors):
    """Three files of three row groups each; the vectors of one are lists of any length."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(3):
        part = vectors[number * ROWS : (number + 1) * ROWS]
        column = (
            pa.array(list(part), pa.list_(pa.float32()))
            if number == 1
            else pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), DIM)
        )
        ids = np.arange(number * ROWS, (number + 1) * ROWS)
        table = pa.table({"id": ids, "embedding": column, "year": ids % 7, "text": ids.astype(str)})
        parquet.write_table(table, folder / f"{number}.parquet", row_group_size=100)
    return folder


@pytest.fixture
def target(db, tmp_path):
    collection = db.create_collection("papers", dim=DIM, metric="cosine", dtype="float16")
    return Target(Collection(collection), DirectoryStore(tmp_path / "store"))


def loaded(target, places, **options):
    options = {"vector": "embedding", "payload": ["year"]} | options
    return load(target, LoadArguments(places, **options), optional=False)


def test_every_row_is_there_with_its_vector_and_payload(target, folder, vectors):
    seen = []
    report = loaded(target, folder, batch_rows=30, progress=seen.append)
    assert (report.files, report.pieces, report.read, report.added) == (3, 9, 900, 900)
    assert report.verified == 900 and int(report.checksum, 16) > 0
    assert [one.done for one in seen] == list(range(10)) and seen[-1].rows == seen[-1].read == 900
    assert "9 of 9 pieces, 900 of 900 rows" in str(seen[-1])
    records = target.collection.get(list(range(900)))
    stored = vectors.astype(target.collection.dtype)
    assert all((one.vector == stored[one.id]).all() for one in records)
    assert [one.payload for one in records] == [{"year": one % 7} for one in range(900)]


def test_a_load_that_is_repeated_writes_nothing(target, folder):
    first = loaded(target, folder)
    writes = target.collection.writes
    again = loaded(target, [str(folder / "*.parquet")])
    assert target.collection.writes == writes
    assert again.resumed == 9
    assert (again.name, again.added, again.checksum) == (first.name, first.added, first.checksum)


def test_a_load_that_was_broken_off_goes_on_without_writing_twice(target, folder, monkeypatch):
    verified = worker.verified
    calls = []

    def breaks(*arguments):
        calls.append(arguments)
        if len(calls) == 8:
            raise vdb.RemoteError("gone")
        return verified(*arguments)

    monkeypatch.setattr(worker, "verified", breaks)
    with pytest.raises(vdb.RemoteError):
        loaded(target, folder, batch_rows=25, workers=1)
    report = loaded(target, folder, batch_rows=25, workers=1)
    assert report.resumed == 1  # the second piece was broken off in its last batch
    assert report.added == 900 and len(target.collection.collection) == 900
    assert len(target.collection.answers) == 36


def test_a_write_whose_shard_was_away_is_repeated_with_its_token(target, folder):
    target.collection.failures = [
        vdb.PartialWriteError("half", done=(1,), failed=(2,), token="t"),
        vdb.ShardUnavailableError("gone", shard="papers-000000", node="a", since=None),
    ]
    report = loaded(target, folder / "0.parquet", workers=1)
    assert (report.added, target.collection.writes) == (300, 5)
    target.collection.failures = [vdb.ShardUnavailableError("gone", shard="s", node="a")] * 9
    with pytest.raises(vdb.ShardUnavailableError, match=r"1\.parquet: row 0 to row 99: gone"):
        loaded(target, folder / "1.parquet", workers=1, timeout=0)


def test_other_arguments_or_contents_under_the_same_name_are_refused(target, folder):
    loaded(target, folder / "0.parquet", name="daily")
    with pytest.raises(vdb.InvalidArgumentError, match="begun with batch_rows=16384"):
        loaded(target, folder / "0.parquet", name="daily", batch_rows=7)
    with pytest.raises(vdb.InvalidArgumentError, match=r"another content of .*0\.parquet"):
        loaded(target, folder / "1.parquet", name="daily")
    with pytest.raises(vdb.InvalidArgumentError, match="name must be"):
        loaded(target, folder / "1.parquet", name="a/b")


def test_a_bad_row_is_named_with_its_file(target, folder, vectors):
    bad = vectors[:250].copy()
    bad[207, 3] = np.nan
    table = pa.table({"id": np.arange(5000, 5250), "embedding": list(bad)})
    parquet.write_table(table, folder / "nan.parquet", row_group_size=100)
    with pytest.raises(vdb.SourceError, match=r"nan\.parquet: row 207: .*NaN at position 3") as bad:
        loaded(target, folder / "nan.parquet", payload=None)
    assert (bad.value.path, bad.value.place) == (str(folder / "nan.parquet"), "row 207")
    report = loaded(
        target,
        folder / "nan.parquet",
        payload=None,
        strict=False,
        on_duplicate="skip",
        name="other",
    )
    assert (report.refused, report.added + report.skipped) == (1, 249)


def test_a_vector_of_another_length_is_named(target, folder, vectors):
    rows = [vectors[0, :5], *vectors[:50]]
    table = pa.table({"id": range(6000, 6051), "embedding": rows})
    parquet.write_table(table, folder / "short.parquet")
    with pytest.raises(
        vdb.SourceError,
        match=r"short\.parquet: row 0: the vector has 5 numbers, where others have 8",
    ):
        loaded(target, folder / "short.parquet", payload=None)


def test_damaged_files_are_named_before_anything_is_written(target, folder):
    whole = (folder / "0.parquet").read_bytes()
    (folder / "3.parquet").write_bytes(whole[:-50])
    with pytest.raises(vdb.SourceError, match=r"3\.parquet: the footer"):
        loaded(target, folder)
    assert target.collection.writes == 0


def test_a_damaged_row_group_is_named_with_its_first_row(target, folder):
    path = folder / "0.parquet"
    group = parquet.read_metadata(path).row_group(1).column(1)
    content = bytearray(path.read_bytes())
    start = group.dictionary_page_offset or group.data_page_offset
    content[start : start + 20] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(vdb.SourceError, match=r"0\.parquet: row 100: "):
        loaded(target, path, workers=1)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"id": "row"}, vdb.InvalidArgumentError, "the first rows of all files"),
        ({"id": "nope"}, vdb.InvalidArgumentError, r"0\.parquet: .*no column 'nope'"),
        ({"payload": "year"}, vdb.ArgumentTypeError, "payload must be a list of columns"),
        ({"vector": "year"}, vdb.InvalidArgumentError, "year"),
        ({"batch_rows": 0}, vdb.InvalidArgumentError, "batch_rows"),
        ({"on_duplicate": "maybe"}, vdb.InvalidArgumentError, "on_duplicate"),
        ({"format": "nope"}, vdb.VdbError, "nope"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(
    target, folder, arguments, error, text
):
    with pytest.raises(error, match=text):
        loaded(target, folder, **arguments)
    assert target.collection.writes == 0


@pytest.mark.parametrize("places", [[], "", 7, ["a", 7], "no\0thing", "missing/*.parquet", "gone"])
def test_places_that_are_nothing_are_refused(target, places):
    with pytest.raises((vdb.InvalidArgumentError, vdb.NotFoundError), match="places"):
        loaded(target, places)


def test_ids_that_come_twice_are_an_error_that_names_rows(target, folder, vectors):
    loaded(target, folder / "0.parquet")
    table = pa.table({"id": range(250, 350), "embedding": list(vectors[:100])})
    parquet.write_table(table, folder / "twice.parquet")
    with pytest.raises(vdb.DuplicateIdError, match=r"twice\.parquet: row 0 to row 99: "):
        loaded(target, folder / "twice.parquet", payload=None)
    report = loaded(target, folder / "twice.parquet", payload=None, on_duplicate="skip", name="s")
    assert (report.added, report.skipped) == (50, 50)
    report = loaded(
        target, folder / "twice.parquet", payload=None, on_duplicate="replace", name="r"
    )
    assert (report.replaced, report.verified) == (100, 100)


def test_another_content_in_a_shard_is_noticed(target, folder, monkeypatch):
    get = target.collection.collection.get

    def other(ids):
        records = get(ids)
        records[3].vector[0] += 1
        return records

    monkeypatch.setattr(target.collection, "get", other, raising=False)
    with pytest.raises(vdb.CorruptedError, match=r"0\.parquet: row 3: the record 3 has another"):
        loaded(target, folder / "0.parquet", workers=1)


def test_any_source_is_one_piece(target, tmp_path, vectors):
    path = tmp_path / "records.jsonl"
    lines = [{"id": one, "vector": vectors[one].tolist(), "year": one} for one in range(50)]
    path.write_text("\n".join(map(json.dumps, lines)))
    report = load(target, LoadArguments(path), optional=False)
    assert (report.pieces, report.added, report.verified) == (1, 50, 50)


def test_files_of_an_object_store_are_read_where_they_are(target, folder, monkeypatch):
    obstore = pytest.importorskip("obstore")
    from obstore.store import MemoryStore

    from vdb.cluster.loading import places

    store = MemoryStore()
    for path in folder.iterdir():
        obstore.put(store, f"data/{path.name}", path.read_bytes())
    obstore.put(store, "data/readme.txt", b"no table")
    monkeypatch.setattr(places, "_store_of", lambda url, options: store)
    report = loaded(target, "s3://bucket/data/*.parquet")
    assert (report.files, report.pieces, report.added) == (3, 9, 900)
    assert loaded(target, "s3://bucket/data").resumed == 9
    with pytest.raises(vdb.InvalidArgumentError, match="loaded as Parquet or Lance"):
        loaded(target, "s3://bucket/data/readme.txt")
    with pytest.raises(vdb.NotFoundError, match="nothing is at s3://bucket/other"):
        loaded(target, "s3://bucket/other")


def test_tables_of_an_export_come_back_as_they_were(target, db, tmp_path, vectors):
    source = db.create_collection("source", dim=DIM, metric="cosine", dtype="float16")
    source.add(
        range(50), vectors[:50], [{"a": {"b": [one]}} if one % 3 else None for one in range(50)]
    )
    source.export(tmp_path / "out.parquet")
    report = load(target, LoadArguments(tmp_path / "out.parquet"), optional=False)
    assert (report.added, report.verified) == (50, 50)
    assert target.collection.get(list(range(50))) == source.get(list(range(50)))
