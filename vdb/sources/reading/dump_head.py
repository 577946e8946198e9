"""How a dump of Elasticsearch or OpenSearch begins, which is JSON lines of a kind of its own."""

from __future__ import annotations

import re

__all__ = ["is_dump"]

_ACTION = re.compile(rb'\s*\{\s*"(?:index|create|update|delete)"\s*:\s*\{')
_HIT = re.compile(
    rb'\s*\{(?:\s*"(?:_index|_id|_score|_type|sort)"\s*:[^{}]*,)+\s*"_source"\s*:\s*\{'
)


def is_dump(head: bytes) -> bool:
    """Whether the first line is an action of the bulk interface, or a hit with its ``_source``."""
    return bool(_ACTION.match(head) or _HIT.match(head))
