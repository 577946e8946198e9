"""What a caller of `rebuild` asks for, as it came: nothing here is checked yet."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RebuildRequest"]


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """The arguments of `Collection.rebuild` that say what the next generation is; None: as it is.

    Attributes:
        metric: Its metric.
        dtype: How its vectors are stored.
        index: Its index.
        scores: Its default convention of scores.
        model: Where its vectors come from.
        dim: Numbers in its vectors.
        truncate: So many numbers of each vector are kept.
        normalize: Whether vectors are scaled to length 1.
        vectors: Its vectors, where they do not follow from those that are stored: a function or a
            table.
    """

    metric: object = None
    dtype: object = None
    index: object = None
    scores: object = None
    model: object = None
    dim: object = None
    truncate: object = None
    normalize: object = False
    vectors: object = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for that could contradict an unfinished rebuild."""
        parts = (self.metric, self.dtype, self.index, self.model, self.dim, self.truncate)
        return parts == (None,) * len(parts) and self.normalize is False
