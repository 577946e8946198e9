"""Random columns of Arrow, read in place and read by pyarrow value by value."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import vdb
from tools.torture.shared.campaign import Campaign, UnavailableError
from vdb.model import arrow
from vdb.model.inputs import PayloadColumns
from vdb.store.format import payloads as payload_format
from vdb.store.format.packing import LARGEST

CASES = 50  # of a round
MOST_ROWS = 12


class DifferenceError(Exception):
    """Something was read that is not there."""


class Tables(Campaign):
    """50 cases: a column of any type as values, as payloads, or as vectors; each as it may come."""

    accepted = ("agrees",)
    full = 1000

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        if importlib.util.find_spec("pyarrow") is None:
            raise UnavailableError("pyarrow is not installed")
        # They need pyarrow themselves.
        self._arrays: Any = importlib.import_module("tools.torture.tables.arrays")
        self._comparison: Any = importlib.import_module("tools.torture.tables.comparison")
        self.cases = 0
        self.encoded = 0

    def round(self, number: int) -> str:
        draw = random.Random(f"{self.seed}/{number}")
        try:
            for case in (self._values, self._payloads, self._vectors) * (CASES // 3):
                case(draw)
                self.cases += 1
            self._added(draw, number)
        except DifferenceError as error:
            return str(error)
        return self.accepted[0]

    def end(self) -> None:
        print(f"{self.cases:,} cases; {self.encoded:,} payloads encoded by the kernel")

    def _values(self, draw: random.Random) -> None:
        array = self._arrays.random_array(draw, draw.randrange(MOST_ROWS))
        wanted = self._comparison.expected(array)
        for source in self._sources(draw, array):
            self._compare(arrow.python_values(arrow.read(source)), wanted, array.type, source)
        for column in _of_polars(array):
            self._compare(arrow.python_values(arrow.read(column)), column.to_list(), column.dtype)

    def _compare(self, got: list[Any], wanted: list[Any], kind: Any, source: Any = "") -> None:
        if not self._comparison.same(got, wanted):
            what = type(source).__name__
            raise DifferenceError(f"{kind} ({what}): {got!r:.300} where there is {wanted!r:.300}")

    def _sources(self, draw: random.Random, array: Any) -> Iterator[Any]:
        """The array itself, and in chunks."""
        yield array
        yield self._arrays.sliced(draw, array)
        # nanoarrow 0.9 gives the buffers of views back twice, whoever reads them.
        if importlib.util.find_spec("nanoarrow") is not None and "view" not in str(array.type):
            nanoarrow = importlib.import_module("nanoarrow")
            yield nanoarrow.c_array(array)
            yield nanoarrow.c_array_stream(self._arrays.sliced(draw, array))

    def _payloads(self, draw: random.Random) -> None:
        rows = draw.randrange(MOST_ROWS)
        arrays = [self._arrays.random_array(draw, rows) for _ in range(draw.randrange(1, 4))]
        names = [f"{place}ä" for place in range(len(arrays))]
        if draw.random() < 0.2:
            arrays, names = arrays[:1], None
        columns = [
            arrow.read(self._arrays.sliced(draw, one) if draw.random() < 0.5 else one)
            for one in arrays
        ]
        made = PayloadColumns(names, columns, rows)
        encoded = made.encoded(LARGEST)
        if encoded is None:
            return
        self.encoded += len(encoded)
        values = [self._comparison.expected(one) for one in arrays]
        for row in range(rows):
            value = values[0][row]
            if names is not None:
                value = dict(zip(names, (column[row] for column in values), strict=True))
            wanted = None if value is None else payload_format.encode(value, row=row)
            if encoded[row] != wanted:
                kinds = [str(one.type) for one in arrays]
                raise DifferenceError(f"{kinds}: {encoded[row]!r:.200}, not {wanted!r:.200}")

    def _vectors(self, draw: random.Random) -> None:
        rows = draw.randrange(1, MOST_ROWS)
        array, length = self._arrays.random_vectors(draw, rows)
        before, after = draw.randrange(rows), draw.choice((0, 0, 1))
        array = array.slice(before, max(0, rows - before - after))
        storage = getattr(array, "storage", array)
        wanted = storage.to_pylist()
        bad = {
            row
            for row, vector in enumerate(wanted)
            if vector is None or None in vector or len(vector) != length
        }
        for source in (array, self._arrays.sliced(draw, array)):
            self._judge(source, wanted, bad, length)

    def _judge(self, source: Any, wanted: list[Any], bad: set[int], length: int) -> None:
        def refuse(row: int, other: int, first: int) -> NoReturn:
            raise vdb.InvalidVectorError(f"{other} numbers, not {first}", row=row)

        try:
            parts = list(arrow.matrices(arrow.read(source), "v", refuse))
        except vdb.InvalidVectorError as error:
            # Where the first row is the odd one, it is the next that differs from it.
            if not bad or (error.row not in bad and min(bad) != 0):
                raise DifferenceError(f"{source.type}: {error}, but rows {bad} are bad") from None
            return
        got = [row for part in parts for row in part.tolist()]
        one_length = len({len(row) for row in got}) <= 1
        if bad and not (one_length and None not in wanted and length not in map(len, wanted)):
            raise DifferenceError(f"{source.type}: rows {bad} are bad, and were read")
        self._compare(got, wanted, source.type, source)

    def _added(self, draw: random.Random, number: int) -> None:
        """A whole table into a collection, and out of it again."""
        import pyarrow as pa  # noqa: PLC0415

        rows = draw.randrange(1, MOST_ROWS)
        matrix = np.frombuffer(draw.randbytes(4 * rows), np.int8).reshape(rows, 4) / 8
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(matrix.astype(np.float32).ravel()), 4)
        payload = self._arrays.random_array(draw, rows)
        table = pa.table({"id": range(rows), "vector": vectors, "p": payload})
        with vdb.open(self.place / f"{number}.vdb", durability="relaxed") as db:
            docs = db.create_collection("docs", dim=4, metric="l2", payload_encoder="json")
            values = self._comparison.expected(payload)
            other = db.create_collection("other", dim=4, metric="l2", payload_encoder="json")
            try:
                other.add(range(rows), matrix, [{"p": value} for value in values])
            except vdb.VdbError as error:
                try:
                    docs.add(table)
                except type(error):
                    return
                raise DifferenceError(f"{payload.type}: taken, though {error}") from None
            docs.add(table.to_reader(5))
            for a, b in zip(docs.scan(), other.scan(), strict=True):
                if a != b:
                    raise DifferenceError(f"{payload.type}: {a} where there is {b}")
            if problems := [str(problem) for problem in db.check()]:
                raise DifferenceError("; ".join(problems))


def _of_polars(array: Any) -> Iterator[Any]:
    """The same as a column of polars, where it surely has such a type.

    Of others polars panics half-way, with memory that it and pyarrow both free.
    """
    if importlib.util.find_spec("polars") is None or not _has_polars(array.type):
        return
    polars = importlib.import_module("polars")
    with contextlib.suppress(polars.exceptions.PolarsError):  # some slices it does not take
        yield polars.Series(array)


def _has_polars(kind: Any) -> bool:
    from pyarrow import types  # noqa: PLC0415

    lists = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    if any(is_one(kind) for is_one in lists):
        return _has_polars(kind.value_type)
    if types.is_struct(kind):
        return all(_has_polars(kind.field(place).type) for place in range(kind.num_fields))
    plain = (
        types.is_integer,
        types.is_float32,
        types.is_float64,
        types.is_boolean,
        types.is_string,
        types.is_large_string,
        types.is_binary,
        types.is_date32,
    )
    return any(is_one(kind) for is_one in plain)
