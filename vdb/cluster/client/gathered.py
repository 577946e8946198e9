"""What shards say, put together: values of a field, facts, and figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vdb.analysis.measurement.recall import RecallReport
from vdb.index.vectors.recall_curve import proportion
from vdb.maintenance.info import CollectionInfo
from vdb.maintenance.rebuild import RebuildPlan
from vdb.model.field_values import FieldValues
from vdb.model.norm_stats import NormStats

__all__ = ["joined_info", "joined_rebuild_plan", "joined_recall", "joined_values"]


def joined_values(parts: Sequence[FieldValues], *, limit: int | None, order: str) -> FieldValues:
    """The values of a field in all shards, from those of each, of which none was left out."""
    counts: Counter[Any] = Counter()
    for part in parts:
        counts.update(dict(part))
    values = sorted(counts)
    chosen = values if order == "value" else sorted(values, key=lambda one: -counts[one])
    chosen = chosen[:limit]
    return replace(
        parts[0],
        values=tuple(chosen),
        counts=tuple(counts[one] for one in chosen),
        distinct=len(values),
        min=values[0] if values else None,
        max=values[-1] if values else None,
    )


def joined_info(parts: Sequence[CollectionInfo]) -> CollectionInfo:
    """The facts of a collection, from those of its shards.

    Numbers of records and bytes are added up; the history is that of the shard with the longest,
    and the generation the newest.
    """
    longest = max(parts, key=lambda part: len(part.history))

    def total(name: str) -> int:
        return sum(getattr(part, name) for part in parts)

    def first(name: str) -> Any:
        return next((value for part in parts if (value := getattr(part, name)) is not None), None)

    fields = {path for part in parts for path in part.unfinished_fields}
    return replace(
        longest,
        id_kind=first("id_kind"),
        count=total("count"),
        without_vector=total("without_vector"),
        free_slots=total("free_slots"),
        generation=max(part.generation for part in parts),
        rebuilding=first("rebuilding"),
        previous=first("previous"),
        created=min(part.created for part in parts),
        tuning=first("tuning"),
        norms=_norms(parts),
        vector_bytes=total("vector_bytes"),
        link_bytes=total("link_bytes"),
        code_bytes=total("code_bytes"),
        resident_bytes=total("resident_bytes"),
        angular_spread=first("angular_spread"),
        note=first("note"),
        text_fields={
            path: replace(
                one,
                **{
                    name: sum(getattr(part.text_fields[path], name) for part in parts)
                    for name in ("documents", "words", "segments", "bytes")
                },
            )
            for path, one in longest.text_fields.items()
            if all(path in part.text_fields for part in parts)
        },
        unfinished_fields=tuple(sorted(fields)),
    )


def _norms(parts: Sequence[CollectionInfo]) -> NormStats:
    """The lengths of all vectors: smallest, largest, and the mean, by numbers of records."""
    known = [(part.norms, part.count - part.without_vector) for part in parts]
    known = [(norms, count) for norms, count in known if count]
    if not known:
        return parts[0].norms
    return replace(
        known[0][0],
        count=sum(norms.count for norms, _ in known),
        min=min(norms.min for norms, _ in known),
        max=max(norms.max for norms, _ in known),
        mean=float(np.average([n.mean for n, _ in known], weights=[c for _, c in known])),
    )


def joined_recall(parts: Sequence[RecallReport]) -> RecallReport:
    """The recall of queries that were measured on several shards, each within its own records."""
    queries = [part.queries for part in parts]
    mean = float(np.average([part.recall.value for part in parts], weights=queries))
    efs = [part.ef for part in parts if part.ef is not None]
    return replace(
        parts[0],
        recall=proportion(mean, sum(queries)),
        ef=max(efs, default=None),
        queries=sum(queries),
        complete=float(np.average([part.complete for part in parts], weights=queries)),
        worst=min(part.worst for part in parts),
        note=next((part.note for part in parts if part.note is not None), None),
    )


def joined_rebuild_plan(parts: Mapping[str, RebuildPlan]) -> RebuildPlan:
    """The plan of a rebuild on all shards, which build at the same time."""
    plans = list(parts.values())
    free = [plan.bytes_free for plan in plans if plan.bytes_free is not None]
    resumes = [plan.resumes for plan in plans if plan.resumes is not None]
    return replace(
        plans[0],
        records=sum(plan.records for plan in plans),
        refused=sum(plan.refused for plan in plans),
        refused_ids=tuple(one for plan in plans for one in plan.refused_ids),
        obstacles=tuple(
            f"shard {shard}: {reason}" for shard, plan in parts.items() for reason in plan.obstacles
        ),
        bytes_needed=sum(plan.bytes_needed for plan in plans),
        bytes_free=min(free, default=None),
        commit_bytes=max(plan.commit_bytes for plan in plans),
        pinned_seconds=max(plan.pinned_seconds for plan in plans),
        seconds=max(plan.seconds for plan in plans),
        resumes=min(resumes, default=None),
    )
