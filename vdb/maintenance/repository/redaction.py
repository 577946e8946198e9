"""URLs and messages of other libraries, without the credentials in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["error_text", "redacted"]

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^\s\"'<>()]*)", re.IGNORECASE)
_CONTAINERS = frozenset({"abfs", "abfss", "wasb", "wasbs"})
"""Schemes in which the part before the ``@`` is the name of a container."""
_HIDDEN = "***"
_SECRET = re.compile(r"key|secret|token|pass|sas|credential|signature", re.IGNORECASE)
_LONGEST = 300


def redacted(text: str) -> str:
    """A URL, or a text with URLs in it, with ``***`` for user, password and query."""
    return _URL.sub(_redacted_url, text)


def _redacted_url(match: re.Match[str]) -> str:
    scheme, rest = match[1], match[2]
    place, mark, _ = rest.partition("?")
    # The last @ before the path: a password may hold one.
    authority, slash, path = place.partition("/")
    user, at, host = authority.rpartition("@")
    if at and (scheme.lower() not in _CONTAINERS or ":" in user):
        user = _HIDDEN
    return f"{scheme}://{user}{at}{host}{slash}{path}{mark}{_HIDDEN if mark else ''}"


def error_text(error: BaseException, options: Mapping[str, object]) -> str:
    """What another library says in an error: one line, without URLs' and options' secrets."""
    text = str(error).split("\n\nDebug source", 1)[0]
    for name, value in options.items():
        if _SECRET.search(str(name)) and isinstance(value, str) and value:
            text = text.replace(value, _HIDDEN)
    text = redacted(" ".join(text.split()))
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 3]}..."
    return text or type(error).__name__
