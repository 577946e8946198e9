"""Rebuilding a collection: another metric, another index, or the same anew, while it is in use.

===================  ==================================================================
`operations`         what a user calls: plan, rebuild, put to use, roll back, discard
`run`                the steps of one build, up to the swap
`builder`            building over the newest commit, while others write
`validation`         whether the new generation is good enough
`estimate`           room and time that a rebuild takes
`refused_vectors`    which vectors the new generation cannot take
`external_source`    vectors of another model, as a call gives them
`transitions`        which generation is in use, building, kept: each step in a batch
`conversion`         from the vectors of one dtype to those of another
`linked_vectors`     which of the changed slots are linked already
`source_rows`        the same for vectors of another model, which are asked for in batches
`source_trial`       what a few of these say of the others
`external_rows`      their shape, and their checks
`vector_source`      the argument ``vectors=``: a function or a table
`progress`           reporting where a build is
`context`            the collection that is rebuilt, and how
`request`            what a caller asks for
`spec`               the parameters of a generation
`schedule`           how a build divides its time
`report`             the dataclasses: plan, progress, report
===================  ==================================================================
"""

from __future__ import annotations

from vdb.maintenance.rebuild.context import RebuildContext
from vdb.maintenance.rebuild.operations import (
    commit,
    discard,
    drop_previous,
    plan,
    rebuild,
    rollback,
)
from vdb.maintenance.rebuild.report import RebuildPlan, RebuildProgress, RebuildReport
from vdb.maintenance.rebuild.request import RebuildRequest
from vdb.maintenance.rebuild.spec import reason_text
from vdb.maintenance.rebuild.validation import recall_floor

__all__ = [
    "RebuildContext",
    "RebuildPlan",
    "RebuildProgress",
    "RebuildReport",
    "RebuildRequest",
    "commit",
    "discard",
    "drop_previous",
    "plan",
    "reason_text",
    "rebuild",
    "recall_floor",
    "rollback",
]
