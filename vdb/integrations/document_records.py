"""Documents of Haystack as payloads of records, and back."""

from __future__ import annotations

import base64
from typing import Any

from haystack import Document
from haystack.dataclasses import ByteStream

import vdb

__all__ = ["document_of", "meta_of", "payload_of"]


def payload_of(document: Document) -> dict[str, Any]:
    """The payload of a document: what it has but for its id, its embedding and its score."""
    payload: dict[str, Any] = {"meta": document.meta}
    if document.content is not None:
        payload["content"] = document.content
    if document.blob is not None:
        payload["blob"] = {
            "data": base64.b64encode(document.blob.data).decode("ascii"),
            "meta": document.blob.meta,
            "mime_type": document.blob.mime_type,
        }
    return payload


def document_of(record: vdb.Record | vdb.Hit, score: float | None = None) -> Document:
    """The document of a record; one without content, where others made the record."""
    payload = record.payload if isinstance(record.payload, dict) else {}
    content, blob = payload.get("content"), payload.get("blob")
    return Document(
        id=str(record.id),
        content=content if isinstance(content, str) else None,
        blob=_blob(blob) if isinstance(blob, dict) else None,
        meta=meta_of(payload),
        embedding=None if record.vector is None else record.vector.tolist(),
        score=score,
    )


def _blob(blob: dict[str, Any]) -> ByteStream:
    data = base64.b64decode(blob.get("data") or "")
    return ByteStream(data, meta=blob.get("meta") or {}, mime_type=blob.get("mime_type"))


def meta_of(payload: Any) -> dict[str, Any]:
    """The metadata in a payload; {} where others made the record."""
    meta = payload.get("meta") if isinstance(payload, dict) else None
    return meta if isinstance(meta, dict) else {}
