"""A Parquet file that embedding-atlas shows: typed columns, neighbours, and two coordinates.

The column of neighbours has {"ids": [row, ...], "distances": [...]}, rows counted from 0, each
record first in its own list, as `embedding-atlas --neighbors` takes it
(https://github.com/apple/embedding-atlas).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.exports.content import Content
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.neighbor_lists import NeighborLists
from vdb.exports.writing.payload_columns import PayloadFields, distinct_names, field_arrays
from vdb.exports.writing.projection import (
    part_of,
    principal_axes,
    umap_layout,
    umap_module,
)
from vdb.exports.writing.record_tables import joined
from vdb.exports.writing.requirements import left_out, with_vectors
from vdb.model.arguments import shown
from vdb.model.tables.layout import PayloadField, field_columns
from vdb.sources.reading.libraries import needed
from vdb.sources.source_format import Option

__all__ = ["FORMAT", "METADATA"]

METADATA: Final = "vdb.atlas"
"""The key in the metadata of the file; its JSON has the columns and what x and y are."""

_PURPOSE: Final = "writing Parquet files"
_GROUP_ROWS: Final = 65_536
_K: Final = 15
_FEWEST: Final = 4  # records for UMAP
_DISTANCES: Final = {
    "l2": "Euclidean distances",
    "cosine": "1 - cosine",
    "dot": "1 - inner product",
    "ip": "how far an inner product is below the largest of its list",
    "l1": "Manhattan distances",
    "hamming": "differing bits",
}


class _Plan(NamedTuple):
    """What the file will have.

    Attributes:
        k: The neighbours of a record.
        umap: The module of umap-learn; None: the principal axes are the coordinates.
        seed: The seed of UMAP.
        types: The undeclared fields that get a column, and their kinds.
        extra: The names of these columns.
        declared: Of the columns of declared fields the names in other tables, and those here.
        whole: Whether the column of whole payloads is written.
        vector: Whether the column of vectors is.
        columns: The names of the columns x, y and neighbors, and that of the texts if there is one.
    """

    k: int
    umap: Any | None
    seed: int
    types: Mapping[str, str]
    extra: Sequence[str]
    declared: Mapping[str, str]
    whole: bool
    vector: bool
    columns: Mapping[str, str]


def _prepare(
    content: Content,
    *,
    k: int = _K,
    projection: str | None = None,
    seed: int = 0,
    text: str | None = None,
    vector: bool = False,
) -> Writing:
    needed("pyarrow.parquet", "pyarrow", _PURPOSE)
    if not 1 <= k <= 1000:
        raise InvalidArgumentError(
            f"k is the number of neighbours of a record, 1 to 1,000, got {k:,}",
            expected=(1, 1000),
            received=k,
        )
    umap = None
    if projection != "pca":
        umap = umap_module()
        if umap is None and projection == "umap":
            raise ModuleNotFoundError(
                'umap-learn is not installed; pip install "vdb[atlas]" installs it',
                name="umap",
            )
    fields = PayloadFields.of(content)
    wide = content.wide_fields()
    types = fields.types([*content.fields, *wide])
    rest = [one for one in fields.rest([*types, *content.fields]) if one not in wide]
    rest += sorted(wide)
    whole = bool(rest) or not fields.objects_only
    declared = [path for path in content.fields if path not in wide]
    bases = field_columns(tuple(PayloadField(one, "", ()) for one in declared))
    names = distinct_names(["id", "vector", "payload", *bases, *types], "payload.")[3:]
    column_of = dict(zip([*declared, *types], names, strict=True))
    chosen = _text_field(content, fields, types, text)
    taken = {"id", "vector", "payload", *(name.casefold() for name in names)}
    columns = {} if chosen is None else {"text": column_of[chosen]}
    for name in ("x", "y", "neighbors"):
        own = name
        while own in taken:
            own = f"atlas_{own}"
        columns[name] = own
    extra, renamed = names[len(bases) :], dict(zip(bases, names, strict=False))
    plan = _Plan(k, umap, seed, types, extra, renamed, whole, vector, columns)
    return Writing(
        (".parquet",),
        partial(_write, content, plan),
        tuple(_notes(content, plan, projection, rest)),
        left_out=content.without_vector,
    )


def _text_field(
    content: Content, fields: PayloadFields, types: Mapping[str, str], text: str | None
) -> str | None:
    """The field of texts; that of most characters where none is named."""
    keywords = [path for path, kind in content.fields.items() if kind == "keyword"]
    choices = [*keywords, *(name for name, kind in types.items() if kind == "text")]
    if text is None:
        return max(choices, key=lambda name: fields.lengths.get(name, 0), default=None)
    if text not in choices:
        listed = ", ".join(map(shown, choices)) or "none"
        raise InvalidArgumentError(
            f"text must name a field of texts that has a column, got {shown(text)}; "
            f"{content.name} has {listed}",
            expected=tuple(choices),
            received=text,
        )
    return text


def _notes(
    content: Content, plan: _Plan, projection: str | None, rest: Sequence[str]
) -> Iterator[str]:
    yield from left_out(content, FORMAT.name, "left-out")
    x, y = plan.columns["x"], plan.columns["y"]
    if plan.umap is not None and content.with_vector >= _FEWEST:
        yield f"{x} and {y} are by UMAP, of umap-learn {version('umap-learn')}, from the neighbours"
    else:
        reason = ""
        if plan.umap is not None:
            reason = f", for UMAP takes {_FEWEST} records at least"
        elif projection is None:
            reason = "; the extra atlas installs umap-learn, whose maps show more of the neighbours"
        yield f"{x} and {y} are along the two principal axes (PCA){reason}"
    yield f"distances are {_DISTANCES[content.metric]}"
    if rest and plan.whole:
        listed = ", ".join(map(shown, rest[:8])) + (", ..." if len(rest) > 8 else "")
        yield f"in the column payload only, because their values are of several kinds: {listed}"


def _write(content: Content, plan: _Plan, places: Sequence[Path]) -> None:
    parquet = needed("pyarrow.parquet", "pyarrow", _PURPOSE)
    coordinates, lists, about = _layout(content, plan)
    batches = joined(_tables(part_of(content, 2, 3), plan, coordinates, lists), _GROUP_ROWS)
    first = next(batches)
    metadata = {METADATA: json.dumps({**plan.columns, **about})}
    schema = first.schema.with_metadata(metadata)
    with parquet.ParquetWriter(places[0], schema, compression="zstd") as writer:
        writer.write_table(first.cast(schema))
        for table in batches:
            writer.write_table(table.cast(schema))


def _layout(
    content: Content, plan: _Plan
) -> tuple[NDArray[np.float64], NeighborLists, dict[str, Any]]:
    """The coordinates, the neighbours, and what is said of the coordinates."""
    lists = NeighborLists(content, plan.k)
    places = np.zeros((content.with_vector, 2))
    if not len(places):
        return places, lists, {"projection": None}
    axes = principal_axes(part_of(content, 0, 3), plan.seed)
    for batch in with_vectors(part_of(content, 1, 3), payloads=False):
        places[batch.start : batch.start + len(batch)] = axes.coordinates(content, batch)
        lists.add(batch)
    if plan.umap is None or len(places) < _FEWEST:
        return places, lists, {"projection": "pca", "variance": axes.shares.tolist()}
    about = {"projection": "umap", "seed": plan.seed}
    return umap_layout(plan.umap, lists, places, plan.seed), lists, about


def _tables(
    content: Content, plan: _Plan, coordinates: NDArray[np.float64], lists: NeighborLists
) -> Iterator[Any]:
    """Batches of the columns; at least one, so that their types are known."""
    pa = needed("pyarrow", "pyarrow", _PURPOSE)
    done = 0
    for whole in content.table_batches():
        batch = whole.filter(_with_vector(pa, whole)) if content.without_vector else whole
        rows = slice(done, done + len(batch))
        done += len(batch)
        payloads = batch.column("payload")
        payloads = getattr(payloads, "storage", payloads).cast(pa.string())
        columns = {"id": batch.column("id")}
        if plan.vector and "vector" in batch.schema.names:
            columns["vector"] = batch.column("vector")
        for name, own in plan.declared.items():
            if name in batch.schema.names:  # not while its index is being built
                columns[own] = batch.column(name)
        columns |= zip(plan.extra, field_arrays(payloads.to_pylist(), plan.types), strict=True)
        if plan.whole:
            columns["payload"] = payloads
        for axis, name in enumerate(("x", "y")):
            columns[plan.columns[name]] = pa.array(coordinates[rows, axis])
        columns[plan.columns["neighbors"]] = _list_column(pa, lists, rows)
        yield pa.record_batch(list(columns.values()), names=list(columns))


def _with_vector(pa: Any, batch: Any) -> Any:
    """Which rows have a vector, as a mask."""
    if "vector" not in batch.schema.names:
        return pa.array(np.zeros(len(batch), np.bool_))
    return batch.column("vector").is_valid()


def _list_column(pa: Any, lists: NeighborLists, rows: slice) -> Any:
    """Structs of ids and distances."""
    width = lists.rows.shape[1]
    ids, distances = lists.rows[rows], lists.distances[rows]
    offsets = pa.array(np.arange(0, ids.size + 1, width, dtype=np.int32))
    return pa.StructArray.from_arrays(
        [
            pa.ListArray.from_arrays(offsets, pa.array(ids.ravel())),
            pa.ListArray.from_arrays(offsets, pa.array(distances.ravel())),
        ],
        names=["ids", "distances"],
    )


FORMAT = ExportFormat(
    name="atlas",
    title="a Parquet file that embedding-atlas shows: typed columns, neighbours from the index, "
    "and two coordinates",
    kind="data",
    suffixes=(".parquet",),
    prepare=_prepare,
    options=(
        Option("k", "the number of neighbours of a record besides itself; 15 if not said", "int"),
        Option(
            "projection",
            "where x and y come from: umap, by umap-learn from the neighbours, or pca, the two "
            "principal axes; umap if not said and umap-learn is installed",
            choices=("umap", "pca"),
        ),
        Option("seed", "the seed of UMAP; 0 if not said", "int"),
        Option(
            "text", "the field of the texts that are shown; the one of most characters if not said"
        ),
        Option("vector", "true: vectors are a column too; false if not said", "bool"),
    ),
    library="pyarrow",
    versions="embedding-atlas 0.26.0, pyarrow 26.0.1",
    holds="ids, a typed column for each declared field and for each other field at the top of "
    "payloads whose values are of one kind, whole payloads as JSON where that is not all, x and y, "
    "and neighbours by row number",
    lacks="records without a vector; the schema: it is no way back. 8 bytes a neighbour and a "
    "record are in memory",
    by_name=True,
)
