"""Random histories over everything that is public, against dictionaries and brute force.

Every rule is something a user does, alone or beside others: batches that are committed or undone,
reopening, snapshots held across changes, rebuilds, copies, a second handle, another process. After
each step everything that should be there is, and every few steps the database's own check must
find nothing. Exact searches equal brute force; walks find nearly all of it, on average.

More of the same: ``python -m tools.torture machines``, which sets the variables below.
"""

from __future__ import annotations

import inspect
import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

import vdb
from stateful.driven import Driven, Driver
from stateful.generations import Generations
from stateful.insight import Insight
from stateful.naming import Naming
from stateful.searching import Searching
from stateful.upkeep import Upkeep, peer
from stateful.writing import Writing
from vdb.maintenance.rebuild import run

MACHINES = int(os.environ.get("VDB_MACHINES", "80"))
STEPS = int(os.environ.get("VDB_STEPS", "20"))
SEED = os.environ.get("VDB_SEED")
# A run that is one of many says which it was; making its history shorter can be had afterwards.
PHASES = list(Phase) if SEED is None else [Phase.generate]


class Everything(Writing, Searching, Generations, Upkeep, Insight, Naming):
    """All rules."""


class Awaited(Everything):
    """The same rules, of the async face."""

    compare_metrics = None  # takes collections of the sync face

    def __init__(self):
        super().__init__()
        self.driver = Driver()

    def open(self, **options):
        opening = partial(vdb.open_async, self.path, durability="relaxed", **options)
        return Driven(self.driver.run(opening), self.driver)

    def teardown(self):
        try:
            super().teardown()
        finally:
            self.driver.close()


@pytest.mark.parametrize(
    ("machine", "count"), [(Everything, MACHINES), (Awaited, max(1, MACHINES // 4))]
)
def test_any_history_gives_what_a_dictionary_gives(monkeypatch, tmp_path, machine, count):
    monkeypatch.setattr(
        run,
        "SCHEDULE",
        run.Schedule(step_rows=1, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=2),
    )
    test = get_state_machine_test(
        machine,
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with peer(tmp_path) as other:
        monkeypatch.setattr(Everything, "peers", (other,))
        (test if SEED is None else seed(int(SEED))(test))()


@pytest.mark.parametrize("kind", [vdb.Database, vdb.Collection, vdb.Snapshot])
def test_there_is_a_rule_for_everything_public(kind):
    rules = "".join(one.read_text("utf-8") for one in Path(__file__).parent.glob("*.py"))
    public = [name for name, _ in inspect.getmembers(kind) if not name.startswith("_")]
    assert [name for name in public if f".{name}" not in rules] == []
