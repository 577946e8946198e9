"""Heads of Parquet's pages that claim more than the file holds are refused before pyarrow asks."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from sources import records
from vdb.sources.reading.parquet_pages import _Cursor, _heads

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = records.vectors()


def written(place, **options):
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(ROWS.ravel()), 16)
    table = pa.table({"id": records.names(), "vector": vectors})
    pq.write_table(table, place, **options)
    return place


def pages(place, column):
    chunk = pq.ParquetFile(place).metadata.row_group(0).column(column)
    start = min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset)
    with place.open("rb") as file:
        end = start + chunk.total_compressed_size
        return list(_heads(file, str(place), start, end, "a column"))


def varint(number):
    number, text = number << 1, b""
    while number > 127:
        text += bytes([number & 127 | 128])
        number >>= 7
    return text + bytes([number])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zstd", "data_page_version": "2.0"},
        {"compression": "none", "use_dictionary": False, "write_statistics": False},
        {"write_page_checksum": True, "row_group_size": 7, "data_page_size": 64},
    ],
)
def test_files_of_every_kind_of_page_are_read(tmp_path, options):
    place = written(tmp_path / "a.parquet", **options)
    with vdb.sources.open(place) as source:
        batches = list(source.batches())
    assert np.array_equal(np.concatenate([one.vectors for one in batches]), ROWS)
    last, head = pages(place, 1)[-1]
    assert head.values > 0 and head.uncompressed >= head.values and last + head.length > last


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("size", [2**31 - 1, 2**30, 100 << 20])
def test_a_page_of_more_bytes_than_it_can_have_is_refused(tmp_path, column, size):
    place = written(tmp_path / "a.parquet", compression="snappy", write_statistics=False)
    offset, head = pages(place, column)[0]
    whole = place.read_bytes()
    begin = whole[offset : offset + head.length]
    old = varint(head.uncompressed)
    assert begin.count(old) >= 1 and begin.index(old) < 5
    # The head grows, and the page behind it loses as many bytes: offsets stay.
    changed = begin.replace(old, varint(size), 1)
    more = len(changed) - len(begin)
    page = whole[offset + head.length : offset + head.length + head.compressed - more]
    place.write_bytes(
        whole[:offset] + changed + page + whole[offset + head.length + head.compressed :]
    )
    with pytest.raises(vdb.SourceError, match=r"says .* bytes in|more than its column") as caught:
        list(vdb.sources.open(place).batches())
    assert "the page at byte" in caught.value.place


def test_a_column_outside_the_file_and_a_head_that_is_none_are_refused(tmp_path):
    place = written(tmp_path / "a.parquet")
    whole = place.read_bytes()
    offset, head = pages(place, 1)[0]
    place.write_bytes(whole[:offset] + b"\xff" * head.length + whole[offset + head.length :])
    with pytest.raises(vdb.SourceError, match="no head that can be read"):
        list(vdb.sources.open(place).batches())


def test_cursors_end_where_the_bytes_do(tmp_path):
    place = written(tmp_path / "a.parquet")
    offset, head = pages(place, 1)[0]
    text = place.read_bytes()[offset : offset + head.length]
    assert _Cursor(text).head() == head
    for length in range(len(text)):
        with pytest.raises(Exception, match=r"^$"):
            _Cursor(text[:length]).head()
