"""Streams of columns: what does not fit is refused, and everything is given back once."""

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest

from vdb.kernel import TableSchema, number_column, text_column, vector_column

pa = pytest.importorskip("pyarrow")

from support.arrow import Stream, schema_of, table_of  # noqa: E402 - they need pyarrow


def test_columns_of_numbers_of_every_type():
    for numpy_type, form in (
        (np.int64, "l"),
        (np.float64, "g"),
        (np.float32, "f"),
        (np.float16, "e"),
        (np.int8, "c"),
        (np.uint8, "C"),
    ):
        numbers = np.array([1, 0, 5], numpy_type)
        numbers.flags.writeable = False
        table = table_of([("x", form)], [number_column(numbers)])
        assert table["x"].to_pylist() == [1, 0, 5]
        matrix = np.arange(6).reshape(2, 3).astype(numpy_type)
        table = table_of([("v", f"+w:3 {form}")], [vector_column(matrix)])
        assert table["v"].to_pylist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(ValueError, match="dtype"):
        number_column(np.arange(3, dtype=np.int32))


def test_vectors_that_are_not_there_are_null():
    rows = np.ones((9, 2), np.float32)
    present = np.arange(9) % 2 == 0
    table = table_of([("v", "+w:2 f")], [vector_column(rows, present)])
    assert table["v"].is_valid().to_pylist() == present.tolist()
    assert table["v"].null_count == 4
    with pytest.raises(ValueError, match="one for each row"):
        vector_column(rows, present[:8])


def test_texts_that_are_none_are_refused():
    assert table_of([("t", "u")], [text_column(["é", "", "😀"])])["t"].to_pylist() == [
        "é",
        "",
        "😀",
    ]
    with pytest.raises(TypeError, match="expected str"):
        text_column(["a", 1])
    with pytest.raises(UnicodeEncodeError):
        text_column(["\ud800"])


def one(count=3):
    return number_column(np.arange(count))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (lambda: [one()], "other types"),
        (lambda: [one(), number_column(np.zeros(3))], "other types"),
        (lambda: [one(), one(), one()], "other types"),
        (lambda: [one(), one(4)], "different lengths"),
        (lambda: [one(), vector_column(np.zeros((3, 2), np.float32))], "other types"),
        (lambda: ["a"], "cast"),
        (lambda: None, "cast"),
    ],
)
def test_a_batch_that_does_not_fit_is_an_error_of_the_stream(columns, words):
    schema = schema_of([("a", "l"), ("b", "l")])
    with pytest.raises((OSError, pa.ArrowInvalid), match=words):
        pa.table(Stream(schema, iter([columns()])))


def test_a_column_is_used_once():
    column = one()
    schema = schema_of([("a", "l")])
    assert pa.table(Stream(schema, iter([[column]])))["a"].to_pylist() == [0, 1, 2]
    with pytest.raises(OSError, match="used before"):
        pa.table(Stream(schema, iter([[column]])))


def test_an_error_of_the_iterator_has_its_words_and_ends_nothing():
    def batches():
        yield [one()]
        raise LookupError("no more of them")

    reader = pa.RecordBatchReader.from_stream(Stream(schema_of([("a", "l")]), batches()))
    assert reader.read_next_batch().num_rows == 3
    with pytest.raises(OSError, match="LookupError: no more of them"):
        reader.read_next_batch()
    with pytest.raises(StopIteration):
        reader.read_next_batch()

    class WordlessError(Exception):
        def __str__(self):
            raise ValueError

    def broken():
        raise WordlessError
        yield

    with pytest.raises(OSError, match="an error that has no text"):
        pa.table(Stream(schema_of([("a", "l")]), broken()))


class Batches:
    """An iterator that can be watched."""

    def __init__(self, count):
        self.left = count

    def __iter__(self):
        return self

    def __next__(self):
        if self.left == 0:
            raise StopIteration
        self.left -= 1
        return [one()]


@pytest.mark.parametrize("read", [0, 1, 2, 3])
def test_the_iterator_is_let_go_of_at_the_end_and_when_nobody_reads_on(read):
    batches = Batches(2)
    gone = weakref.ref(batches)
    stream = Stream(schema_of([("a", "l")]), batches)
    del batches
    gc.disable()
    try:
        if read == 0:
            capsule = stream.__arrow_c_stream__()
            del stream, capsule
            assert gone() is None
            return
        reader = pa.RecordBatchReader.from_stream(stream)
        del stream
        for _ in range(min(read, 2)):
            reader.read_next_batch()
        if read == 3:
            with pytest.raises(StopIteration):
                reader.read_next_batch()
            assert gone() is None
        del reader
        assert gone() is None
    finally:
        gc.enable()


def test_metadata_and_names_are_those_that_were_given():
    schema = TableSchema(
        [("é", "l", False, {"k": "v", "": "ü"}, []), ("", "u", True, {}, [])], {"a": ""}
    )

    class Described:
        def __arrow_c_schema__(self):
            return schema.capsule()

    read = pa.schema(Described())
    assert read.names == ["é", ""]
    assert [field.nullable for field in read] == [False, True]
    assert read.metadata == {b"a": b""}
    assert read.field(0).metadata == {b"k": b"v", b"": "ü".encode()}


ENDING = """
import sys, threading
import numpy as np
import pyarrow as pa
from vdb.kernel import TableSchema, number_column

schema = TableSchema([("a", "l", True, {}, [])], {})

def batches():
    while True:
        yield [number_column(np.arange(3))]

class Stream:
    def __arrow_c_stream__(self, requested_schema=None):
        return schema.stream(batches())

sys.kept = [schema.stream(batches()), pa.RecordBatchReader.from_stream(Stream())]
sys.table = next(iter(sys.kept[1]))
reader = pa.RecordBatchReader.from_stream(Stream())

def read():
    while True:
        reader.read_next_batch()

for _ in range(int(sys.argv[1])):
    threading.Thread(target=read, daemon=True).start()
print("over")
"""


@pytest.mark.parametrize("readers", [0, 1])
def test_a_process_ends_with_streams_that_nobody_has_read(readers):
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", ENDING, str(readers)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "over\n", "")
