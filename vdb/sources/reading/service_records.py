"""Objects as the interfaces of Pinecone and Weaviate give them, as plain records.

    {"id": "a", "values": [0.1, 0.2], "metadata": {...}, "sparse_values": {...}}         Pinecone
    {"class": "C", "id": "...", "properties": {...}, "vector": [...], "vectors": {...}}  Weaviate
    {"uuid": "...", "properties": {...}, "vector": {"default": [...]}}       its Python client
    {"title": "...", "_additional": {"id": "...", "vector": [...]}}          its GraphQL

Source: the manuals of Pinecone ("Fetch", "Query") and Weaviate ("Objects", "Read all objects").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from vdb.errors import InvalidArgumentError

__all__ = ["ID", "PAYLOAD", "VECTOR", "Service", "listed_objects", "service_of"]

ID, VECTOR, PAYLOAD = "id", "vector", "payload"
"""The fields of a plain record."""

_PINECONE = frozenset(
    ["id", "values", "metadata", "score", "sparse_values", "sparseValues", "sparse_vector"]
)
_LISTS = ("objects", "matches")


class Service(NamedTuple):
    """Whose objects they are.

    Attributes:
        name: The system, which is the name of its convention of scores too.
        plain: The record of an object.
    """

    name: str
    plain: Callable[[dict[str, Any]], dict[str, Any]]


def service_of(record: dict[str, Any], vector: str | None) -> Service | None:
    """Whose object the first record is; None where it is of none of them.

    Args:
        record: The first record.
        vector: The name of the vectors, where objects have several.

    Raises:
        InvalidArgumentError: There are several, and none of them is named so.
    """
    if "values" in record and {"metadata", "id"} <= set(record) <= _PINECONE:
        return Service("pinecone", _of_pinecone)
    if isinstance(record.get("_additional"), dict):
        extra = record["_additional"]
        name = _vector_name(extra, vector)
        return Service("weaviate", lambda one: _of_graphql(one, name))
    is_object = "class" in record or "collection" in record or "uuid" in record
    if is_object and isinstance(record.get("properties"), dict):
        name = _vector_name(record, vector)
        return Service("weaviate", lambda one: _of_weaviate(one, name))
    return None


def listed_objects(value: dict[str, Any]) -> list[Any] | None:
    """The list of objects in an answer of one of them; None where it is none."""
    for name in _LISTS:
        if isinstance(value.get(name), list):
            objects: list[Any] = value[name]
            return objects
    vectors = value.get("vectors")
    if isinstance(vectors, dict) and all(isinstance(one, dict) for one in vectors.values()):
        return [{"id": key} | one for key, one in vectors.items()]
    answer = value.get("data")
    classes = answer.get("Get") if isinstance(answer, dict) else None
    if isinstance(classes, dict) and len(classes) == 1:
        (listed,) = classes.values()
        return listed if isinstance(listed, list) else None
    return None


def _of_pinecone(record: dict[str, Any]) -> dict[str, Any]:
    vector = record.get("values") or None  # a sparse index has none
    return {ID: record.get("id"), VECTOR: vector, PAYLOAD: record.get("metadata") or None}


def _of_weaviate(record: dict[str, Any], name: str | None) -> dict[str, Any]:
    own_id = record.get("id", record.get("uuid"))
    return {ID: own_id, VECTOR: _vector(record, name), PAYLOAD: record.get("properties") or None}


def _of_graphql(record: dict[str, Any], name: str | None) -> dict[str, Any]:
    extra = record.get("_additional")
    extra = extra if isinstance(extra, dict) else {}
    payload = {field: value for field, value in record.items() if field != "_additional"}
    return {ID: extra.get("id"), VECTOR: _vector(extra, name), PAYLOAD: payload or None}


def _named_vectors(record: dict[str, Any]) -> dict[str, Any]:
    vectors = record.get("vectors")
    if not vectors and isinstance(record.get("vector"), dict):
        vectors = record["vector"]
    return vectors if isinstance(vectors, dict) else {}


def _vector_name(record: dict[str, Any], name: str | None) -> str | None:
    """Which of the named vectors is read; None for that without a name."""
    named = _named_vectors(record)
    if name is not None and name not in ("vector", *named):
        raise InvalidArgumentError(
            f"vector= must name one of the vectors of an object: {', '.join(named) or 'vector'}",
            expected=tuple(named),
            received=name,
        )
    if name in named:
        return name
    if isinstance(record.get("vector"), list) and record["vector"]:
        return None
    if len(named) > 1:
        raise InvalidArgumentError(
            f"objects have several vectors: give vector=, one of {', '.join(named)}",
            expected=tuple(named),
        )
    return next(iter(named), None)


def _vector(record: dict[str, Any], name: str | None) -> Any:
    vector = record.get("vector") if name is None else _named_vectors(record).get(name)
    return vector or None
