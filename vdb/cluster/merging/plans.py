"""The plans of shards as one, with a line for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from vdb.model.records import Plan

__all__ = ["joined_plan"]


def joined_plan(plans: Sequence[tuple[str, Plan | None]]) -> Plan | None:
    """One plan: counts added up, and in its reason a line for each shard.

    Where some shards walked their graph and others looked at everything, its strategy is "graph,
    then exact". The selectivity counts all records of the shards that some record of passes.
    """
    named = [(shard, plan) for shard, plan in plans if plan is not None]
    if not named:
        return None
    strategies = {plan.strategy for _, plan in named}
    strategy: Literal["graph", "exact", "graph, then exact"] = "graph, then exact"
    if len(strategies) == 1:
        (strategy,) = strategies
    lines = "\n".join(f"{shard}: {plan}" for shard, plan in named)
    filtered = [plan for _, plan in named if plan.matches is not None]
    if not filtered:
        return Plan(strategy, None, None, None, f"{len(named)} shards\n{lines}")
    matches = sum(plan.matches or 0 for plan in filtered)
    records = sum(
        plan.matches / plan.selectivity for plan in filtered if plan.matches and plan.selectivity
    )
    visited = sum(plan.visited or 0 for plan in filtered)
    share = matches / records if records else 0.0
    return Plan(strategy, matches, share, visited, f"{len(named)} shards\n{lines}")
