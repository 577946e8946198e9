"""JSON documents behind a checksum: ``{"sha256":"...","KEY":{...}}`` and a line end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vdb.errors import CorruptedError

__all__ = ["CheckedJson"]

_HEAD = b'{"sha256":"'
_DIGITS = 64
_END = b"}\n"


class CheckedJson:
    """One kind of document."""

    def __init__(self, key: str, whole: str) -> None:
        """`key` is that of the body, and its name in errors; `whole` names the document there."""
        self._key, self._whole = key, whole
        self._middle = f'","{key}":'.encode()
        self._start = len(_HEAD) + _DIGITS + len(self._middle)

    def encode(self, fields: Mapping[str, Any]) -> bytes:
        """The document of a JSON object, in ASCII and without spaces."""
        body = json.dumps(fields, separators=(",", ":"), allow_nan=False).encode("ascii")
        return _HEAD + hashlib.sha256(body).hexdigest().encode() + self._middle + body + _END

    def decode(self, document: bytes, where: str) -> Any:
        """The JSON value of a document.

        Raises:
            CorruptedError: It is not what `encode` writes.
        """
        digits = document[len(_HEAD) : len(_HEAD) + _DIGITS]
        body = document[self._start : -len(_END)]
        if not (
            document.startswith(_HEAD)
            and document[len(_HEAD) + _DIGITS : self._start] == self._middle
            and document.endswith(_END)
        ):
            raise CorruptedError(f"no {self._whole}", where=where)
        if hashlib.sha256(body).hexdigest().encode() != digits:
            raise CorruptedError(f"the checksum of the {self._key} is wrong", where=where)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise CorruptedError(f"the {self._key} is no JSON", where=where) from None
