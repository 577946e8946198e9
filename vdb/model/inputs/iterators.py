"""Arguments that are iterators, which can be read only once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vdb.model.arguments import listed
from vdb.model.config import LIMITS

__all__ = ["rereadable"]


def rereadable(name: str, value: Any) -> Any:
    """The entries of an iterator as a list; any other value unchanged."""
    return listed(name, value, LIMITS.slots) if isinstance(value, Iterator) else value
