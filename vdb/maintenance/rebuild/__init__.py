"""Rebuilding a collection: another metric, another index, or the same anew, while it is in use.

===================  ==================================================================
`target`             what a generation is to be
`fitness`            which vectors it cannot take
`conversion`         from the vectors of one dtype to those of another
`plan`               whether it can be, and what it would take
`run`                building it beside the one in use, to the swap
`pace`               how that divides its time, and what it tells
`validation`         whether it is good enough
`roles`              which generation is in use, built, kept: each step of that, in a batch
`subject`            which collection, and what came of it
`procedures`         what a user calls: rebuild, roll back, discard
===================  ==================================================================
"""

from __future__ import annotations

from vdb.maintenance.rebuild.context import RebuildReport, Subject
from vdb.maintenance.rebuild.operations import discard, drop_previous, plan, rebuild, rollback
from vdb.maintenance.rebuild.plan import RebuildPlan
from vdb.maintenance.rebuild.schedule import RebuildProgress
from vdb.maintenance.rebuild.target import reason_text
from vdb.maintenance.rebuild.validation import floor_of

__all__ = [
    "RebuildPlan",
    "RebuildProgress",
    "RebuildReport",
    "Subject",
    "discard",
    "drop_previous",
    "floor_of",
    "plan",
    "reason_text",
    "rebuild",
    "rollback",
]
