"""The schema of a collection in a file that `vdb export` wrote, so that it comes back as it was.

A JSON object: PREFIX.json beside PREFIX.npy, or a text in the metadata of a Parquet file. It has
"vdb_collection": 1, name, dim, metric, dtype, index, scores, model, fields, where there are text
fields, "text_fields", and, where records may have no vector, "optional_vectors": true.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.config import index_from_map
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.model.text_field import Text
from vdb.sources.info import SourceInfo
from vdb.sources.reading.plain_json import PlainJsonError, plain_json

__all__ = [
    "EXPORTED",
    "METADATA",
    "exact_numbers",
    "exported_schema",
    "with_own_scores",
    "with_schema",
]

METADATA: Final = b"vdb"
"""The key of the schema in the metadata of a Parquet file."""

EXPORTED: Final = "vdb export"
"""The version of a source that `vdb export` wrote."""

_MARK: Final = "vdb_collection"
_TYPES: Final[dict[str, tuple[Any, str]]] = {
    "metric": (str, "text"),
    "dtype": (str, "text"),
    "scores": (str, "text"),
    "model": (str | None, "text or null"),
    "index": (dict, "an object"),
    "fields": (dict, "an object"),
    "dim": (int | None, "a whole number or null"),
}
_TEXT: Final[dict[str, tuple[Any, str]]] = {"analyzer": (str, "text")}
_GRAPH: Final[dict[str, tuple[Any, str]]] = {
    "M": (int, "a whole number"),
    "ef_construction": (int, "a whole number"),
    "seed": (int, "a whole number"),
    "codes": (str | None, "text or null"),
}


def exported_schema(text: bytes | str | None) -> dict[str, Any] | None:
    """The schema in a text; None where there is none, or it is of something else.

    Raises:
        ValueError: It is one, but of another version, or a part of it is wrong; names the part.
    """
    try:
        schema = None if text is None else plain_json(text)
    except PlainJsonError:
        return None
    if not isinstance(schema, dict) or _MARK not in schema:
        return None
    if schema[_MARK] != 1:
        raise ValueError(f"{_MARK!r} must be 1, got {schema[_MARK]!r:.60}")
    _require(schema, _TYPES)
    if schema.get("optional_vectors", True) is not True:
        optional = schema["optional_vectors"]
        raise ValueError(f"'optional_vectors' must be true, or missing, got {optional!r:.60}")
    _require_texts(schema.get("text_fields", {}))
    index = schema["index"]
    if index.get("type") == "hnsw":
        _require(index, _GRAPH)
    elif index.get("type") != "flat":
        raise ValueError(f'\'index\' must be of type "hnsw" or "flat", got {index!r:.60}')
    return schema


def _require_texts(texts: object) -> None:
    if not isinstance(texts, dict):
        raise ValueError(f"'text_fields' must be an object, got {texts!r:.60}")  # noqa: TRY004
    for path, how in texts.items():
        if not isinstance(how, dict):
            raise ValueError(f"{path!r} must be an object, got {how!r:.60}")  # noqa: TRY004
        _require(how, _TEXT)
        for name in ("stored", "positions"):
            if how.get(name) not in (True, False):
                raise ValueError(f"{name!r} must be true or false, got {how.get(name)!r:.60}")


def _require(schema: dict[str, Any], types: dict[str, tuple[Any, str]]) -> None:
    for name, (kind, expected) in types.items():
        value = schema.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"{name!r} must be {expected}, got {value!r:.60}")  # noqa: TRY004


def with_schema(info: SourceInfo, schema: dict[str, Any]) -> SourceInfo:
    """What a source holds, completed by the schema of the collection that was exported.

    Raises:
        ValueError: The index of the schema is none.
    """
    try:
        index = index_from_map(schema["index"])
    except (InvalidArgumentError, TypeError) as error:
        raise ValueError(f"index: {error}") from None
    bits = schema["dtype"] == "bit"
    return replace(
        info,
        version=EXPORTED,
        dim=schema["dim"] or info.dim,
        numbers="bit" if bits else info.numbers,
        dtype=schema["dtype"],
        metric=schema["metric"],
        metrics=tuple(METRICS),
        convention=schema["scores"],
        index=index,
        model=schema["model"],
        fields=schema["fields"] | _texts(schema),
        optional_vectors=bool(schema.get("optional_vectors")),
    )


def _texts(schema: dict[str, Any]) -> dict[str, Text]:
    return {
        path: Text(how["analyzer"], stored=how["stored"], positions=how["positions"])
        for path, how in schema.get("text_fields", {}).items()
    }


def with_own_scores(info: SourceInfo, schema: dict[str, Any]) -> SourceInfo:
    """As `with_schema` for files of an engine, whose scores and version stay those of the source.

    Raises:
        ValueError: The schema is of other vectors, or its index is none.
    """
    whole = with_schema(info, schema)
    wide = whole.dtype if whole.dtype == "bit" else "float32"
    narrow = "bit" if info.dtype == "bit" else "float32"
    if (whole.dim, wide) != (info.dim, narrow):
        raise ValueError(
            f"it is of {whole.dim} dimensions of {whole.dtype}, and the vectors have {info.dim} of "
            f"{info.dtype}"
        )
    return replace(whole, version=info.version, numbers=info.numbers, convention=info.convention)


def exact_numbers(vectors: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Vectors as rows of a dtype that holds their numbers.

    Raises:
        ValueError: One is none of the dtype.
    """
    kind = DTYPES[dtype].stored
    if vectors.dtype == kind:
        return vectors
    with np.errstate(invalid="ignore", over="ignore"):
        numbers: NDArray[Any] = vectors.astype(kind)
    if not np.array_equal(numbers, vectors):
        raise ValueError(f"has numbers that are none of {dtype}, which the schema says")
    return numbers
