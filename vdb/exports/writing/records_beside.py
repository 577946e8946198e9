"""Lines of JSON with ids and payloads beside a file of vectors, for the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vdb.exports.content import ExportBatch
from vdb.model.records import Id, Payload

__all__ = ["json_text", "record_line", "record_lines"]


def record_lines(batch: ExportBatch, *, optional_vectors: bool) -> Iterator[str]:
    """A line for each record of a batch, with its end."""
    missing = [False] * len(batch) if batch.missing is None else batch.missing.tolist()
    for record_id, payload, bare in zip(batch.ids, batch.payloads, missing, strict=True):
        line = record_line(record_id, payload, bare=bare, optional_vectors=optional_vectors)
        yield f"{line}\n"


def record_line(
    record_id: Id, payload: Payload, *, bare: bool = False, optional_vectors: bool = False
) -> str:
    """An id and a payload as one JSON object.

    The fields of the payload are fields of the object. A payload that is no object, is empty, has a
    field "id", or only a field "payload" becomes the field "payload".

    Args:
        record_id: The id.
        payload: The payload.
        bare: The record has no vector: a field "vector", null, says so.
        optional_vectors: Other records may have none, so no payload may have that field beside the
            id.
    """
    line: dict[str, Any] = {"id": record_id}
    if bare:
        line["vector"] = None
    if payload is not None:
        is_object = isinstance(payload, dict) and payload and "id" not in payload
        if optional_vectors and is_object and "vector" in payload:
            is_object = False
        if is_object and payload.keys() != {"payload"}:
            line |= payload
        else:
            line["payload"] = payload
    return json_text(line)


def json_text(value: Payload) -> str:
    """A value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
