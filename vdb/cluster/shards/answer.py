"""What a shard answers with."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Answer"]


class Answer(NamedTuple):
    """A result, and the generations of the shard; can be pickled.

    Attributes:
        generation: The generation that answered.
        newest: The one that the shard has in use. Where it is another, the map is a newer one than
            the caller's, or about to be.
        result: What the method returned.
        remarks: Texts of what an embedded collection would warn of: fields of a filter that no
            record has. Where every shard says the same, it is so.
    """

    generation: int
    newest: int
    result: Any
    remarks: tuple[str, ...] = ()
