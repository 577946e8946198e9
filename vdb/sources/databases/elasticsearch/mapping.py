"""The mapping of an index: which field holds vectors, for which metric, and the types of others.

Of Elasticsearch a ``dense_vector`` with its ``similarity``, of OpenSearch a ``knn_vector`` with the
``space_type`` of its method. What vdb export wrote has the schema of the collection in ``_meta``.
Sources: the pages on these field types in both manuals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vdb.errors import DiskError, SourceError
from vdb.model.config import HNSW
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.plain_json import PlainJsonError, plain_json

__all__ = ["IndexMapping", "VectorField", "mapping_at"]

_LARGEST: Final = 64 << 20
_SIMILARITIES: Final = {
    "l2_norm": "l2",
    "cosine": "cosine",
    "dot_product": "dot",
    "max_inner_product": "ip",
}
_SPACES: Final = {
    "l2": "l2",
    "cosinesimil": "cosine",
    "innerproduct": "ip",
    "l1": "l1",
    "hamming": "hamming",
}
_TYPES: Final = {
    **dict.fromkeys(["keyword", "constant_keyword", "ip", "version"], "keyword"),
    **dict.fromkeys(["long", "integer", "short", "byte", "unsigned_long"], "int"),
    **dict.fromkeys(["double", "float", "half_float", "scaled_float"], "float"),
    "boolean": "bool",
    "date": "datetime",
}


@dataclass(frozen=True, slots=True)
class VectorField:
    """A field of vectors.

    Attributes:
        engine: "elasticsearch" or "opensearch", whose scores its hits have.
        dim: Its dimensions; None where the mapping leaves them to the first document.
        metric: Its metric; None where the mapping leaves it to the release of the engine.
        numbers: "float32", "int8" or "bit".
        index: The parameters of its graph; None where the mapping does not say them.
    """

    engine: str
    dim: int | None
    metric: str | None
    numbers: str
    index: HNSW | None


@dataclass(frozen=True, slots=True)
class IndexMapping:
    """The fields of an index, by their paths.

    Attributes:
        meta: What ``_meta`` says.
    """

    vectors: Mapping[str, VectorField]
    fields: Mapping[str, str]
    types: Mapping[str, str]
    meta: Mapping[str, Any] = field(default_factory=dict)


def mapping_at(path: Path) -> IndexMapping:
    """The mapping in a file, as ``GET index/_mapping`` answers it, or a part of that.

    Raises:
        SourceError: It is no JSON, or has no fields.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST)
        value = plain_json(text)
    except OSError as error:
        raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error
    except PlainJsonError as error:
        raise SourceError(f"{path}: the mapping: {error}", path=str(path), place="it") from error
    mappings = _mappings(value)
    if mappings is None:
        raise SourceError(
            f"{path}: the mapping: has no properties of one index", path=str(path), place="it"
        )
    vectors, fields, types = {}, {}, {}
    for name, row in _flat(mappings["properties"], ""):
        kind = str(row.get("type"))
        types[name] = kind
        if kind == "dense_vector":
            vectors[name] = _dense(row)
        elif kind == "knn_vector":
            vectors[name] = _knn(row)
        elif kind in _TYPES:
            fields[name] = _TYPES[kind]
    meta = mappings.get("_meta")
    return IndexMapping(vectors, fields, types, meta if isinstance(meta, dict) else {})


def _mappings(value: Any) -> dict[str, Any] | None:
    """The mappings of the only index in it, which have properties."""
    for _ in range(3):
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("properties"), dict):
            return value
        if "mappings" in value:
            value = value["mappings"]
        elif len(value) == 1:
            (value,) = value.values()
        else:
            return None
    return None


def _flat(properties: Mapping[str, Any], before: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, row in properties.items():
        if not isinstance(row, dict):
            continue
        if isinstance(row.get("properties"), dict):
            yield from _flat(row["properties"], f"{before}{name}.")
        else:
            yield f"{before}{name}", row


def _dense(row: Mapping[str, Any]) -> VectorField:
    element = row.get("element_type", "float")
    numbers = {"byte": "int8", "bit": "bit"}.get(str(element), "float32")
    metric = _SIMILARITIES.get(str(row.get("similarity")))
    if numbers == "bit":
        metric = "hamming"
    options = row.get("index_options")
    return VectorField("elasticsearch", _dim(row.get("dims")), metric, numbers, _graph(options))


def _knn(row: Mapping[str, Any]) -> VectorField:
    method = row.get("method") if isinstance(row.get("method"), dict) else {}
    assert isinstance(method, dict)  # noqa: S101 - looked at in the line before
    space = row.get("space_type", method.get("space_type"))
    numbers = {"byte": "int8", "binary": "bit"}.get(str(row.get("data_type")), "float32")
    parameters = method.get("parameters")
    index = _graph(parameters) if method.get("name") == "hnsw" else None
    metric = _SPACES.get(str(space))
    return VectorField("opensearch", _dim(row.get("dimension")), metric, numbers, index)


def _dim(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _graph(options: object) -> HNSW | None:
    if not isinstance(options, dict):
        return None
    return graph_index(options.get("m"), options.get("ef_construction"))
