"""The schema of a collection in an exported file, for import.

It is a JSON object: a file PREFIX.json beside PREFIX.npy, or a text in the metadata of a Parquet
file.

    {"vdb_collection": 1, "name": "docs", "dim": 384, "metric": "cosine", "dtype": "float32",
     "index": {"type": "hnsw", "M": 16, "ef_construction": 200, "codes": null, "seed": 0},
     "scores": "native", "model": null, "fields": {"pep": "int"}}

``"dim": null`` says that the dimension was open. With ``"optional_vectors": true`` records may have
no vector: the `.npy` file has a row for each record that has one, and the line of any other says
``"vector": null``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vdb.cli.arguments.schema import NO_CODES, Options
from vdb.cli.json_text import JsonError, parsed
from vdb.errors import InvalidArgumentError

__all__ = ["is_open", "options_beside", "options_from"]

SUFFIX = ".json"

_MARK = "vdb_collection"
_VERSION = 1
_LARGEST = 1 << 24  # bytes; a larger file is not from an export

_FACTS = {
    "metric": (str, "text"),
    "dtype": (str, "text"),
    "scores": (str, "text"),
    "model": (str | None, "text or null"),
    "index": (dict, "an object"),
    "fields": (dict, "an object"),
}
_GRAPH = {
    "M": (int, "a whole number"),
    "ef_construction": (int, "a whole number"),
    "seed": (int, "a whole number"),
    "codes": (str | None, "text or null"),
}


def options_beside(vectors: Path) -> Options | None:
    """The schema file beside a `.npy` file: docs.json for docs.npy and docs.f16.npy.

    A file of that name that is not from an export is ignored.

    Raises:
        InvalidArgumentError: It is from an export, but not valid.
    """
    for name in (vectors.name.removesuffix(".npy"), vectors.name.split(".", 1)[0]):
        place = vectors.with_name(name + SUFFIX)
        if name and place.is_file() and place.stat().st_size <= _LARGEST:
            options = options_from(place.read_bytes(), str(place))
            if options is not None:
                return options
    return None


def options_from(text: bytes, place: str) -> Options | None:
    """The options of a schema; None if the text is not from an export.

    Raises:
        InvalidArgumentError: It is from an export, but a field is not valid; names the field.
    """
    try:
        schema = parsed(text.decode())
    except (JsonError, UnicodeDecodeError):
        return None
    if not isinstance(schema, dict) or _MARK not in schema:
        return None
    if schema[_MARK] != _VERSION:
        raise _refused(place, _MARK, _VERSION, schema[_MARK])
    _require(place, schema, _FACTS)
    if schema.get("optional_vectors", True) is not True:
        raise _refused(place, "optional_vectors", "true, or missing", schema["optional_vectors"])
    index = schema["index"]
    graph: dict[str, Any] = {}
    if index.get("type") == "hnsw":
        graph = index
        _require(place, index, _GRAPH)
    elif index.get("type") != "flat":
        raise _refused(place, "index", 'of type "hnsw" or "flat"', index)
    return Options(
        metric=schema["metric"],
        dtype=schema["dtype"],
        index=index["type"],
        M=graph.get("M"),
        ef_construction=graph.get("ef_construction"),
        codes=graph["codes"] or NO_CODES if graph else None,
        scores=schema["scores"],
        model=schema["model"],
        fields=tuple(f"{path}:{kind}" for path, kind in schema["fields"].items()),
        optional_vectors="optional_vectors" in schema,
        seed=graph.get("seed"),
    )


def is_open(text: bytes) -> bool:
    """Whether a schema says that the dimension of its collection was open."""
    try:
        schema = parsed(text.decode())
    except (JsonError, UnicodeDecodeError):
        return False
    return isinstance(schema, dict) and _MARK in schema and schema.get("dim", 0) is None


def _require(place: str, schema: dict[str, Any], facts: dict[str, tuple[Any, str]]) -> None:
    for name, (kind, expected) in facts.items():
        value = schema.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise _refused(place, name, expected, value)


def _refused(place: str, name: str, expected: object, received: object) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{place}: {name!r} must be {expected}, got {received!r:.60}",
        expected=expected,
        received=received,
    )
