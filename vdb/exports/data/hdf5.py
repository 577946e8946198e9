"""HDF5 in the layout of ann-benchmarks: vectors, queries, and their exact neighbours.

`train` has the vectors, `test` queries, `neighbors` the row numbers of the nearest in `train`,
`distances` how far they are; the attribute `distance` is the metric
(https://github.com/erikbern/ann-benchmarks; "ip" as VIBE writes it). Row i of `train` is line i of
the lines of JSON beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.exports.content import Content, ExportBatch
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.collection_schema import write_schema
from vdb.exports.writing.query_file import read_queries
from vdb.exports.writing.records_beside import record_lines
from vdb.exports.writing.requirements import require_metric, required_dim
from vdb.model.records import Id
from vdb.sources.reading.libraries import needed
from vdb.sources.source_format import Option

__all__ = ["FORMAT"]

_DISTANCES: Final = {
    "l2": "euclidean",
    "cosine": "angular",
    "dot": "angular",
    "ip": "ip",
    "hamming": "hamming",
}
_K: Final = 100


class _Queries(NamedTuple):
    """The queries: given vectors, or those of some records, which then are in `test` alone.

    Attributes:
        vectors: The given ones, (n, columns); None where records are held out.
        held_out: The numbers of these among the records with a vector, rising.
    """

    vectors: NDArray[Any] | None
    held_out: NDArray[np.int64]


def _prepare(
    content: Content,
    *,
    queries: Path | None = None,
    held_out: int | None = None,
    seed: int = 0,
    k: int = _K,
) -> Writing:
    needed("h5py", "h5py", "writing HDF5 files")
    required_dim(content, FORMAT.name)
    require_metric(content, FORMAT.name, tuple(_DISTANCES))
    if (queries is None) == (held_out is None):
        raise InvalidArgumentError(
            "hdf5 takes queries, whose exact neighbours are found: queries= names a file of "
            "them, or held_out= says how many records become queries; give one of both",
            expected="queries or held_out",
            received=None if queries is None else "both",
        )
    if queries is not None:
        chosen = _Queries(read_queries(queries, content), np.empty(0, np.int64))
    else:
        chosen = _Queries(None, _drawn(content, held_out or 0, seed))
    rows = content.with_vector - len(chosen.held_out)
    if not rows:
        raise _too_few(content, "one record", "a neighbour of each query")
    if not 1 <= k <= rows:
        raise InvalidArgumentError(
            f"k is the number of neighbours of a query, 1 to {rows:,} here, got {k:,}",
            expected=(1, rows),
            received=k,
        )
    write = partial(_write, content, chosen, k)
    return Writing(
        (".hdf5", ".jsonl", ".json"),
        write,
        tuple(_notes(content, chosen)),
        held_out=len(chosen.held_out),
    )


def _too_few(content: Content, least: str, use: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"hdf5 needs at least {least} with a vector, {use}; {content.name} has "
        f"{content.with_vector:,}",
        expected=least,
        received=content.with_vector,
    )


def _drawn(content: Content, count: int, seed: int) -> NDArray[np.int64]:
    """Rows of records with a vector, rising."""
    if content.with_vector < 2:  # a query, and its neighbour
        raise _too_few(content, "two records", "some of which become queries")
    if not 1 <= count < content.with_vector:
        raise InvalidArgumentError(
            f"held_out must be 1 to {content.with_vector - 1:,}, one less than the vectors of "
            f"{content.name}; got {count:,}",
            expected=(1, content.with_vector - 1),
            received=count,
        )
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(content.with_vector, count, replace=False).astype(np.int64))


def _notes(content: Content, queries: _Queries) -> Iterator[str]:
    yield "ids and payloads are in the .jsonl file: hdf5 has no room for them"
    if len(queries.held_out):
        yield (
            f"{len(queries.held_out):,} records are held out: their vectors are queries, and their "
            "ids and payloads in none of the files"
        )
    if content.metric == "dot":
        yield "dot, of vectors of length 1, is angular there, which has the same order"
    if content.dtype == "float16":
        yield "vectors of float16 are written as float32"


def _write(content: Content, queries: _Queries, k: int, places: Sequence[Path]) -> None:
    main, jsonl, schema = places
    held = len(queries.held_out)
    write_schema(replace(content, count=content.count - held), schema)
    h5py = needed("h5py", "h5py", "writing HDF5 files")
    with ExitStack() as stack:
        file = stack.enter_context(h5py.File(main, "w"))
        lines = stack.enter_context(jsonl.open("w", encoding="utf-8", newline="\n"))
        file.attrs["distance"] = _DISTANCES[content.metric]
        file.attrs["point_type"] = "bit" if content.dtype == "bit" else "float"
        file.attrs["dimension"] = content.dim
        shape = content.with_vector - held, content.dim
        train = file.create_dataset("train", shape, _stored_type(content))
        done = 0
        asked: list[NDArray[Any]] = []
        left_out: set[Id] = set()
        bare: set[Id] = set()
        for kept, out in _parts(content, queries.held_out):
            train[done : done + len(kept.present)] = _stored(content, kept.present)
            done += len(kept.present)
            lines.writelines(record_lines(kept, optional_vectors=content.optional_vectors))
            asked.append(out.present)
            left_out.update(out.ids)
            if kept.missing is not None:
                bare.update(compress(kept.ids, kept.missing.tolist()))
        vectors = np.concatenate(asked) if queries.vectors is None else queries.vectors
        neighbors = content.neighbors(vectors, k, left_out)
        file.create_dataset("test", data=_stored(content, vectors))
        file.create_dataset("neighbors", data=_row_numbers(content, neighbors.ids, left_out | bare))
        distances = _distances(content, neighbors.values).astype(np.float32)
        file.create_dataset("distances", data=distances)


def _parts(
    content: Content, held_out: NDArray[np.int64]
) -> Iterator[tuple[ExportBatch, ExportBatch]]:
    """The records of each batch that go into `train`, and those that are held out."""
    start = 0
    for batch in content.batches():
        numbers = start + np.cumsum(batch.there) - 1  # among the records with a vector
        out = batch.there & np.isin(numbers, held_out)
        start += int(batch.there.sum())
        yield batch.take(~out, 0), batch.take(out, 0)


def _stored_type(content: Content) -> type[np.generic]:
    return {"bit": np.bool_, "int8": np.int8}.get(content.dtype, np.float32)


def _stored(content: Content, vectors: NDArray[Any]) -> NDArray[Any]:
    """Vectors as the file has them: bits as booleans."""
    if content.dtype == "bit":
        return np.unpackbits(vectors.view(np.uint8), axis=1).astype(np.bool_)
    return vectors.astype(_stored_type(content), copy=False)


def _row_numbers(
    content: Content, ids: list[list[Id]], no_row: Collection[Id]
) -> NDArray[np.int32]:
    """The rows of `train` that these records have."""
    needed_ids = {one for some in ids for one in some}
    with_row = (one for one in content.ids() if one not in no_row)
    rows = {one: row for row, one in enumerate(with_row) if one in needed_ids}
    return np.array([[rows[one] for one in some] for some in ids], np.int32)


def _distances(content: Content, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distances of ann-benchmarks, of values under the metric."""
    if content.metric == "l2":
        return np.sqrt(values)
    if content.metric == "hamming":
        return values / (content.dim or 1)
    return 1.0 - values if content.metric in ("cosine", "dot") else -values


FORMAT = ExportFormat(
    name="hdf5",
    title="a benchmark as ann-benchmarks and VIBE have it: vectors, queries, exact neighbours",
    kind="data",
    suffixes=(".hdf5", ".h5"),
    prepare=_prepare,
    options=(
        Option("queries", "a file with the queries, of any format that is a source", kind="path"),
        Option("held_out", "how many records become queries, and are left out else", kind="int"),
        Option("seed", "the seed of the choice of these; 0 if not said", kind="int"),
        Option("k", "the number of neighbours of a query; 100 if not said", kind="int"),
    ),
    library="h5py",
    versions="h5py 3.16.0",
    holds="the vectors, the metric, queries with their exact neighbours; ids and payloads in "
    "PREFIX.jsonl, the schema in PREFIX.json",
    lacks="l1 and the metrics of bits but hamming",
)
