"""What a rebuild says of itself: beforehand, while it runs, and afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.model.config import IndexConfig
from vdb.model.records import Id

__all__ = ["RebuildPlan", "RebuildProgress", "RebuildReport"]


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """What a rebuild would do; nothing was changed.

    Attributes:
        collection: Name of the collection.
        metric: The metric it has.
        to_metric: The metric it would have.
        dtype: How its vectors are stored.
        to_dtype: How they would be stored.
        dim: Their dimension.
        to_dim: The dimension they would have.
        model: Where they come from, or None.
        to_model: Where they would come from.
        index: The index it has.
        to_index: The index it would have.
        to_scores: The default convention of results it would have.
        records: Records to link.
        refused: Records whose vectors the new metric or dtype cannot take, or for which a table has
            none; with any, nothing can be done.
        refused_ids: The first of them.
        obstacles: Why it cannot be done, a sentence each; empty where it can.
        bytes_needed: Room that it takes while it runs, at most.
        bytes_free: Room there is, on the disk and in the file; None where it is not known.
        commit_bytes: Bytes more that each commit of others writes while it runs, at most: what it
            changed is logged.
        pinned_seconds: For how long, about, the pages that other commits replace stay in use: this
            often the rebuild goes on to the newest commit.
        seconds: How long it takes, roughly, by a short trial; with a function, its calls included.
        resumes: Share (0..1) that an earlier, unfinished rebuild to the same has done; None when
            there is none.
    """

    collection: str
    metric: str
    to_metric: str
    dtype: str
    to_dtype: str
    dim: int
    to_dim: int
    model: str | None
    to_model: str | None
    index: IndexConfig
    to_index: IndexConfig
    to_scores: str
    records: int
    refused: int
    refused_ids: tuple[Id, ...]
    obstacles: tuple[str, ...]
    bytes_needed: int
    bytes_free: int | None
    commit_bytes: int
    pinned_seconds: float
    seconds: float
    resumes: float | None

    @property
    def feasible(self) -> bool:
        """Whether there is no obstacle."""
        return not self.obstacles


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """Where a rebuild is.

    Attributes:
        phase: "copying" (to another dtype or length), "embedding" (by ``vectors=``), "building",
            "catching up", "validating", or "removing" what is no longer needed.
        done: Records (of "copying" and "embedding": slots, of "removing": blocks) dealt with in
            this phase.
        total: Of how many; 0 where that is not known.
    """

    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild, a change-over or a rollback did.

    Attributes:
        collection: Name of the collection.
        generation: The generation that is in use now, or, where it is `held`, that was built.
        metric: Its metric.
        dtype: How its vectors are stored.
        dim: Their dimension.
        model: Where they come from, or None.
        index: Its index.
        previous: The generation that was in use before, and where another is `held`, still is.
        previous_metric: Its metric.
        previous_dtype: How its vectors were stored.
        previous_dim: Their dimension.
        previous_model: Where they came from.
        previous_kept: Whether it is kept, so that `rollback` can go back to it.
        held: Whether the new one was built and is not in use: `commit_rebuild` puts it to use.
        records: Records in the new generation.
        caught_up: Slots that were changed meanwhile and linked anew.
        ignored: Ids in the table of ``vectors=`` that no record has.
        recall: Recall that was sampled, 0..1; None where nothing was validated, or there was
            nothing to sample.
        resumed: Whether it went on with what an earlier call had left.
        commits: Commits that it took.
        seconds: How long this call took.
    """

    collection: str
    generation: int
    metric: str
    dtype: str
    dim: int
    model: str | None
    index: IndexConfig
    previous: int
    previous_metric: str
    previous_dtype: str
    previous_dim: int
    previous_model: str | None
    previous_kept: bool
    held: bool
    records: int
    caught_up: int
    ignored: int
    recall: float | None
    resumed: bool
    commits: int
    seconds: float
