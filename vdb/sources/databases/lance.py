"""Tables of Lance, which are also those of LanceDB: directories called NAME.lance.

They are read by Lance itself (pylance): versions, deletions and encodings are its own. Facts that
matter, measured with lancedb 0.40.0 and pylance 14.0.2: a column of uint8 may be numbers that
happened to be whole; [1, null] is stored, and scored as [1, 0], so such rows are refused; an index
says the metric, a table without one does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.arrow_rows import ArrowRows
from vdb.sources.reading.arrow_source import OPTIONS, damage_told, open_table
from vdb.sources.reading.lance_path import lance_path
from vdb.sources.reading.libraries import needed, version_of
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.trial import TRIAL, require_survival
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_METRICS: Final = {"l2": "l2", "cosine": "cosine", "dot": "ip", "hamming": "hamming"}
_DISTANCES: Final = {"l2": "l2", "cosine": "cosine", "ip": "dot", "hamming": "hamming"}
_CODED: Final = ("SQ", "PQ", "RQ")
"""Kinds of indexes that score from codes; cosine is doubled there."""


class _Library:
    """Lance itself."""

    exact = True

    def __init__(self, dataset: Any, key: str, vector: str, distance: str) -> None:
        self.name = version_of("pylance")
        self._dataset, self._key, self._vector = dataset, key, vector
        self._distance = distance

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, over all rows."""
        answers = []
        for query in queries:
            nearest = {
                "column": self._vector,
                "q": query,
                "k": k,
                "metric": self._distance,
                "use_index": False,
            }
            found = self._dataset.to_table(columns=[self._key, "_distance"], nearest=nearest)
            ids, scores = found[self._key].to_pylist(), found["_distance"].to_pylist()
            answers.append(Answer(ids, scores))
        return answers


def _open(place: Place, table: str | None = None, *, trial: bool = True, **options: Any) -> Source:
    path = _table(place, table)
    address = lance_path(path)
    lance = needed("lance", "pylance", "reading tables of Lance")
    if trial:
        require_survival(FORMAT.name, place, {"table": table, **options})
    with damage_told(str(path), "the table"):
        dataset = lance.dataset(address)
        schema, count = dataset.schema, dataset.count_rows()
        version = f"format {dataset.data_storage_version}, version {dataset.version}"

    def batches(rows: int, columns: list[str] | None) -> Iterator[Any]:
        # One batch is decoded at a time; the default is as many as there are processors.
        yield from dataset.scanner(
            columns=columns, batch_size=rows, batch_readahead=1, fragment_readahead=1
        ).to_batches()

    records = open_table(
        place,
        FORMAT.name,
        schema,
        batches,
        lambda: None,
        count=count,
        version=version,
        **options,
    )
    vector = records.rows.vector.name
    metric, kind = _index_of(dataset, vector)
    notes = records.info.notes
    if kind is not None and kind.endswith(_CODED):
        text = (
            f"its index {kind} scores from codes, and twice as far under cosine: thresholds that "
            "were found with it do not go on here"
        )
        notes = (*notes, text)
    if records.info.metric is not None:  # a table of vdb export says all of it
        metric, convention = metric or records.info.metric, records.info.convention
    else:
        convention = "lancedb"
    records.info = replace(
        records.info,
        metric=metric,
        metrics=tuple(_DISTANCES) if records.info.metric is None else (),
        convention=convention,
        notes=notes,
    )
    records.library_of = partial(_library, dataset, records.rows, records.info)
    return records


def _library(dataset: Any, rows: ArrowRows, info: SourceInfo, metric: str) -> Engine | None:
    """Lance's search without an index, for tables with a column of ids."""
    if metric not in _DISTANCES or rows.id is None or info.optional_vectors:
        return None
    return _Library(dataset, rows.id, rows.vector.name, _DISTANCES[metric])


def _table(place: Place, name: str | None) -> Path:
    """The directory of a table: the place itself, or one of those in a database."""
    directory = place.require_directory(FORMAT.name)
    if (directory / "_versions").is_dir():
        return directory
    names = sorted(one.stem for one in directory.glob("*.lance") if one.is_dir())
    if not names:
        raise SourceError(
            f"{directory}: the directory: has no table of Lance",
            path=str(directory),
            place="the directory",
        )
    chosen = named_part("table", "the directory has several tables", name, names)
    return directory / f"{chosen}.lance"


def _index_of(dataset: Any, column: str) -> tuple[str | None, str | None]:
    """The metric and the kind of the index of a column; None for none."""
    with damage_told(dataset.uri, "the indexes"):
        for row in dataset.describe_indices():
            if list(row.field_names) == [column]:
                metric = _METRICS.get(str(row.details.get("metric_type")).lower())
                return metric, str(row.index_type)
    return None, None


def _recognise(place: Place) -> bool:
    directory = place.directory
    if directory is None:
        return False
    try:
        if (directory / "_versions").is_dir():
            return any(one.suffix == ".manifest" for one in (directory / "_versions").iterdir())
        return any((one / "_versions").is_dir() for one in directory.glob("*.lance"))
    except OSError:
        return False


FORMAT = SourceFormat(
    name="lance",
    title="tables of Lance and LanceDB",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(Option("table", "the table, where a directory has several"), *OPTIONS, TRIAL),
    library="pylance",
    versions="lancedb 0.40.0, pylance 14.0.2",
    holds="all columns with their types, deletions, versions; in an index its metric",
    lacks="without an index, the metric",
    metric="of the index, or of vdb export in the table; else asked",
)
