"""The schema of a collection in the files of an export, for the way back.

It is a JSON object: a file PREFIX.json beside PREFIX.npy, or a text in the metadata of a table.

    {"vdb_collection": 1, "name": "docs", "dim": 384, "metric": "cosine", "dtype": "float32",
     "index": {"type": "hnsw", "M": 16, "ef_construction": 200, "codes": null, "seed": 0},
     "scores": "native", "model": null, "fields": {"pep": "int"}}

Where there are text fields, ``"text_fields": {"text": {"analyzer": "english", "stored": true,
"positions": true}}`` names them. ``"dim": null`` says that the dimension was open. With
``"optional_vectors": true`` records may have no vector: the `.npy` file has a row for each record
that has one, and the line of any other says ``"vector": null``.
`vdb.sources.reading.exported_schema` reads it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vdb.exports.content import Content
from vdb.model.config import index_to_map

__all__ = ["collection_schema", "write_schema"]


def write_schema(content: Content, place: Path) -> None:
    """The schema, as a file beside one that has no room for it."""
    text = json.dumps(collection_schema(content), ensure_ascii=False, indent=2)
    place.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def collection_schema(content: Content) -> dict[str, Any]:
    """The schema as a JSON object."""
    return {
        "vdb_collection": 1,
        "name": content.name,
        "dim": content.dim,
        "metric": content.metric,
        "dtype": content.dtype,
        "index": index_to_map(content.index),
        "scores": content.scores,
        "model": content.model,
        "fields": dict(content.fields),
        **({"text_fields": _text_fields(content)} if content.text_fields else {}),
        **({"optional_vectors": True} if content.optional_vectors else {}),
    }


def _text_fields(content: Content) -> dict[str, Any]:
    return {
        path: {"analyzer": one.analyzer, "stored": one.stored, "positions": one.positions}
        for path, one in content.text_fields.items()
    }
