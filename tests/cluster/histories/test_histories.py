"""Random histories of a cluster: nothing that was told is lost, done twice, or answered mixed.

A store, shards on the local engine, and callers, each of which dies or fails at any call, while the
metric changes, shards are exchanged, and disks are lost; an embedded collection with the same calls
is the truth, and exact searches equal its own to the bit.

More of the same: ``python -m tools.torture cluster``, which sets the variables below.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

from cluster.histories.changes import Changes

HISTORIES = int(os.environ.get("VDB_HISTORIES", "12"))
STEPS = int(os.environ.get("VDB_STEPS", "12"))
SEED = os.environ.get("VDB_SEED")
# A run that is one of many says which it was; making its history shorter can be had afterwards.
PHASES = [Phase.generate, Phase.shrink] if SEED is None else [Phase.generate]


def test_any_history_gives_what_an_embedded_collection_gives():
    test = get_state_machine_test(
        Changes,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
    (test if SEED is None else seed(int(SEED))(test))()
