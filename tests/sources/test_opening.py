"""A place becomes the right kind of source, or an error that lists the choices."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import vdb
from sources.files import fbin, fvecs
from vdb.sources.registry import FORMATS

ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_the_format_is_that_of_the_content_or_the_name(tmp_path):
    with vdb.sources.open(fvecs(tmp_path / "a.fvecs", ROWS)) as source:
        assert (source.info.format, source.info.count, source.info.dim) == ("fvecs", 3, 4)
    with vdb.sources.open(str(fbin(tmp_path / "a.fbin", ROWS))) as source:
        assert (source.info.format, source.info.count, source.info.dim) == ("fbin", 3, 4)


def test_what_is_not_known_is_refused_with_the_choices(tmp_path):
    other = tmp_path / "a.other"
    other.write_bytes(b"something")
    with pytest.raises(vdb.InvalidArgumentError, match=r"fbin, fvecs.*format= says which"):
        vdb.sources.open(other)
    with pytest.raises(vdb.InvalidArgumentError, match="format"):
        vdb.sources.open(other, "none")
    with pytest.raises(vdb.NotFoundError):
        vdb.sources.open(tmp_path / "no.fvecs")
    with pytest.raises(vdb.InvalidArgumentError, match="numbers"):
        vdb.sources.open(fvecs(tmp_path / "b", ROWS), "fvecs")
    with pytest.raises(vdb.InvalidArgumentError, match="no 'color'"):
        vdb.sources.open(fvecs(tmp_path / "b.fvecs", ROWS), color="red")
    with pytest.raises(vdb.InvalidArgumentError, match="is a directory"):
        vdb.sources.open(tmp_path, "fvecs")


def test_nothing_and_foreign_addresses_are_called_so(tmp_path):
    (tmp_path / "a.npy").touch()
    (tmp_path / "b.lance").mkdir()
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as packed:
        packed.writestr("a.txt", "a text")
    for place, text in [
        (tmp_path / "a.npy", "a.npy' is a file with nothing in it"),
        (tmp_path / "c.zip", "c.zip' is an archive or compressed"),
        (tmp_path / "b.lance", "b.lance' is a directory with nothing in it"),
        ("s3://bucket/a.npy", r"takes \(postgres, redis\)"),
    ]:
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            vdb.sources.open(place)


def test_a_metric_is_never_guessed_and_never_changed(tmp_path):
    place = fvecs(tmp_path / "a.fvecs", ROWS)
    assert vdb.sources.open(place).info.metric is None
    assert vdb.sources.open(place, metric="l2").info.metric == "l2"
    with vdb.temporary() as db:
        with pytest.raises(
            vdb.InvalidArgumentError, match=r"metric must be given, one of l2, ip, cosine"
        ):
            db.import_source(place, "docs")
        assert db.collections() == []
        with pytest.raises(vdb.MetricMismatchError, match="rebuild"):
            db.import_source(vdb.sources.open(place, metric="l2"), "docs", metric="ip")


def test_a_source_is_a_table_that_is_read_again_each_time(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    with vdb.sources.open(fvecs(tmp_path / "a.fvecs", ROWS)) as source:
        for _ in range(2):
            table = pyarrow.table(source)
            assert table.column_names == ["id", "vector", "payload"]
            assert table["vector"].to_pylist() == ROWS.tolist()
            assert table["payload"].null_count == 3
        assert [len(batch) for batch in source.batches(2)] == [2, 1]
    with pytest.raises(vdb.ClosedError):
        next(source.batches())


def test_the_same_records_have_the_same_checksum_in_every_format(tmp_path):
    one = vdb.sources.open(fvecs(tmp_path / "a.fvecs", ROWS))
    two = vdb.sources.open(fbin(tmp_path / "a.fbin", ROWS))
    assert one.checksum() == two.checksum()
    other = vdb.sources.open(fbin(tmp_path / "b.fbin", ROWS + 1))
    assert other.checksum() != one.checksum()


def test_a_checksum_does_not_depend_on_where_parts_end(tmp_path, monkeypatch):
    source = vdb.sources.open(fvecs(tmp_path / "a.fvecs", ROWS))
    whole = source.checksum()
    monkeypatch.setattr("vdb.sources.source.PART_ROWS", 2)
    assert [len(batch) for batch in source.batches()] == [2, 1]
    assert source.checksum() == whole


@pytest.mark.parametrize("row", FORMATS.values(), ids=list(FORMATS))
def test_every_format_says_what_its_files_hold(row):
    assert row.title and row.holds and row.metric and row.versions
    assert row.kind in ("index", "database", "server", "data")
    assert len({option.name for option in row.options}) == len(row.options)
    assert all(option.help for option in row.options)


@pytest.mark.parametrize(("name", "make"), [("a.fvecs", fvecs), ("a.fbin", fbin)])
def test_a_file_that_is_cut_short_is_refused_with_its_place(tmp_path, name, make):
    place = make(tmp_path / name, ROWS)
    whole = place.read_bytes()
    for length in range(1, len(whole)):
        place.write_bytes(whole[:length])
        try:
            count = sum(len(batch) for batch in vdb.sources.open(place).batches())
        except vdb.SourceError as error:
            assert error.path == str(place) and error.place
        else:  # a file of whole vectors less is one that nobody can tell from a shorter one
            assert name == "a.fvecs" and length == count * 20
