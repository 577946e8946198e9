"""The schema of a sharded collection as a JSON object of the map, and back.

The object has the arguments of `Database.create_collection`, all of them, in the form that an
export has: text fields by themselves, an index as its parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vdb.api.collection_schema import CollectionSchema
from vdb.errors import ArgumentTypeError, CorruptedError, InvalidArgumentError
from vdb.model.config import index_from_map, index_to_map
from vdb.model.text_field import Text
from vdb.store.format.decoder import Fields

__all__ = ["schema_from_json", "schema_to_json"]

_LONGEST = 1 << 16
_LARGEST = (1 << 31) - 1


def schema_to_json(schema: CollectionSchema) -> dict[str, Any]:
    """The JSON object of a schema.

    Raises:
        InvalidArgumentError: The dimension is open, or an analyzer is a function: neither can be
            the same in every shard from the beginning.
    """
    if schema.dim == "auto":
        raise InvalidArgumentError(
            "dim must be a number: shards are made before the first vector comes",
            expected="int",
            received="auto",
        )
    texts = {path: kind for path, kind in schema.fields.items() if isinstance(kind, Text)}
    for path, kind in texts.items():
        if not isinstance(kind.analyzer, str):
            raise InvalidArgumentError(
                f"fields[{path!r}]: an analyzer of your own is a function, which the shards do not "
                "have; name one of vdb.lexical",
                expected="the name of an analyzer",
                received=kind.analyzer_name,
            )
    return {
        "dim": schema.dim,
        "metric": schema.metric,
        "dtype": schema.dtype,
        "index": index_to_map(schema.index),
        "scores": schema.scores,
        "model": schema.model,
        "fields": {path: kind for path, kind in schema.fields.items() if path not in texts},
        "text_fields": {
            path: {
                "analyzer": kind.analyzer_name,
                "stored": kind.stored,
                "positions": kind.positions,
            }
            for path, kind in texts.items()
        },
        "optional_vectors": schema.optional_vectors,
    }


def schema_from_json(name: str, document: Mapping[str, Any], where: str) -> CollectionSchema:
    """The schema of a JSON object.

    Args:
        name: The name of the collection.
        document: What `schema_to_json` made.
        where: What it was read from, for messages.

    Raises:
        CorruptedError: It is no schema; names the field.
    """
    fields = Fields(dict(document), where)
    dim = fields.whole("dim", 1, _LARGEST)
    metric, dtype = fields.text("metric", 64), fields.text("dtype", 64)
    index = fields.map("index").rest()
    scores = fields.text("scores", _LONGEST)
    model = fields.or_none(lambda name: fields.text(name, _LONGEST), "model")
    optional_vectors = fields.flag("optional_vectors")
    types = _plain_fields(fields.map("fields")) | _text_fields(fields.map("text_fields"))
    fields.end()
    try:
        return CollectionSchema(
            name=name,
            dim=dim,
            metric=metric,
            dtype=dtype,
            index=index_from_map(index),
            scores=scores,
            model=model,
            fields=types,
            optional_vectors=optional_vectors,
        )
    except (InvalidArgumentError, ArgumentTypeError, TypeError) as error:
        raise CorruptedError(f"no schema of a collection: {error}", where=where) from None


def _plain_fields(types: Fields) -> dict[str, str | Text]:
    return {path: types.text(path, 64) for path in types.names()}


def _text_fields(texts: Fields) -> dict[str, str | Text]:
    fields: dict[str, str | Text] = {}
    for path in texts.names():
        how = texts.map(path)
        analyzer, stored = how.text("analyzer", 256), how.flag("stored")
        fields[path] = Text(analyzer, stored=stored, positions=how.flag("positions"))
        how.end()
    return fields
