"""The schema of a collection in a file that `vdb export` wrote, so that it comes back as it was.

A JSON object: PREFIX.json beside PREFIX.npy, or a text in the metadata of a Parquet file. It has
"vdb_collection": 1, name, dim, metric, dtype, index, scores, model, fields, and, where records may
have no vector, "optional_vectors": true.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from vdb.errors import InvalidArgumentError
from vdb.model.config import index_from_map
from vdb.sources.info import SourceInfo
from vdb.sources.reading.plain_json import PlainJsonError, plain_json

__all__ = ["METADATA", "exported_schema", "with_schema"]

METADATA: Final = b"vdb"
"""The key of the schema in the metadata of a Parquet file."""

_MARK: Final = "vdb_collection"
_TYPES: Final[dict[str, Any]] = {
    "metric": str,
    "dtype": str,
    "scores": str,
    "model": str | None,
    "index": dict,
    "fields": dict,
    "dim": int | None,
}


def exported_schema(text: bytes | str | None) -> dict[str, Any] | None:
    """The schema in a text; None where there is none, or it is of something else.

    Raises:
        ValueError: It is one, but of another version, or without a part.
    """
    try:
        schema = None if text is None else plain_json(text)
    except PlainJsonError:
        return None
    if not isinstance(schema, dict) or _MARK not in schema:
        return None
    if schema[_MARK] != 1:
        raise ValueError(f"{_MARK} is {schema[_MARK]!r:.20}, and this release reads 1")
    for name, kind in _TYPES.items():
        value = schema.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"{name} is {value!r:.60}")  # noqa: TRY004 - of a file
    return schema


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
        version="vdb export",
        dim=schema["dim"] or info.dim,
        numbers="bit" if bits else info.numbers,
        dtype=schema["dtype"],
        metric=schema["metric"],
        convention=schema["scores"],
        index=index,
        model=schema["model"],
        fields=schema["fields"],
        optional_vectors=bool(schema.get("optional_vectors")),
    )
