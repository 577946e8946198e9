"""Tables of Lance, where its library is: what they were given, without what was deleted."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import vdb
from sources.records import COUNT, names, vectors

pa = pytest.importorskip("pyarrow")
lance = pytest.importorskip("lance")


def table(**more):
    rows = pa.FixedSizeListArray.from_arrays(pa.array(vectors().reshape(-1)), 16)
    return pa.table({"id": names(), "i": list(range(COUNT)), "vector": rows, **more})


@pytest.fixture
def place(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = lance.write_dataset(table(), str(tmp_path / "docs.lance"))
        dataset.delete("i < 3")
    return tmp_path


def test_a_table_gives_what_it_was_given_but_what_was_deleted(place):
    for one in (place, place / "docs.lance"):
        with vdb.sources.open(one) as source:
            info = source.info
            assert (info.format, info.count, info.dim) == ("lance", COUNT - 3, 16)
            assert (info.metric, info.convention, info.ids) == (None, "lancedb", "str")
            batches = list(source.batches(10))
        assert [one for batch in batches for one in batch.id_list()] == names()[3:]
        assert np.array_equal(np.concatenate([batch.vectors for batch in batches]), vectors()[3:])
        assert batches[0].payload_list()[0] == {"i": 3}


@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_scores_are_those_of_lance(place, metric):
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric=metric, verify=COUNT)
        assert report.verification.agrees and report.verification.engine.startswith("pylance")
        assert report.scores == "lancedb" and report.fields == {"i": "int"}
        assert list(db.check()) == []


def test_several_tables_are_listed(place):
    lance.write_dataset(table(), str(place / "other.lance"))
    with pytest.raises(vdb.InvalidArgumentError, match="docs, other"):
        vdb.sources.open(place)
    assert vdb.sources.open(place, table="other").info.count == COUNT


def test_rows_without_vectors_are_refused_with_their_place(tmp_path):
    rows = [row.tolist() for row in vectors()]
    rows[2], rows[4] = None, [*rows[4][:15], None]
    columns = (
        table()
        .drop_columns(["vector"])
        .append_column("vector", pa.array(rows, pa.list_(pa.float32(), 16)))
    )
    lance.write_dataset(columns, str(tmp_path / "a.lance"))
    with vdb.sources.open(tmp_path / "a.lance") as source:
        refusals = [one for batch in source.batches() for one in batch.refusals]
    assert [one.id for one in refusals] == [names()[2], names()[4]]


def test_an_index_says_the_metric(place):
    dataset = lance.dataset(str(place / "docs.lance"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.create_index("vector", "IVF_FLAT", metric="cosine", num_partitions=1)
    with vdb.sources.open(place) as source:
        assert source.info.metric == "cosine" and not source.info.notes


def test_damage_of_a_manifest_is_told(place):
    (manifest,) = sorted((place / "docs.lance" / "_versions").glob("*.manifest"))[:1]
    whole, refused = manifest.read_bytes(), 0
    for other in (place / "docs.lance" / "_versions").glob("*.manifest"):
        if other != manifest:
            other.unlink()
    for byte in range(0, len(whole), 7):
        manifest.write_bytes(whole[:byte] + bytes([whole[byte] ^ 255]) + whole[byte + 1 :])
        try:
            # None of these ends the process; a trial of each would take a second.
            list(vdb.sources.open(place / "docs.lance", trial=False).batches())
        except (vdb.SourceError, vdb.InvalidArgumentError):
            refused += 1
    assert refused > 10
