"""Where the vectors of a generation come from: their length and the text that names their model."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from vdb.store.format.decoder import Fields
from vdb.store.format.limits import LARGEST_ROW, LONGEST_MODEL

__all__ = ["Embedding"]


class Embedding(NamedTuple):
    """Dimension and model of the vectors of a generation.

    Attributes:
        dim: Numbers in a vector; 0 while that is open.
        model: Free text, or None.
    """

    dim: int
    model: str | None

    def as_map(self) -> dict[str, Any]:
        """As it is stored."""
        return {"dim": self.dim, "model": self.model}

    @classmethod
    def take(cls, f: Fields) -> Embedding:
        """The two fields out of a map."""
        return cls(
            dim=f.whole("dim", 0, LARGEST_ROW * 8),
            model=f.or_none(partial(f.text, longest=LONGEST_MODEL), "model"),
        )

    @classmethod
    def decode(cls, f: Fields) -> Embedding:
        """A map of just these; CorruptedError on anything else."""
        embedding = cls.take(f)
        f.end()
        return embedding
