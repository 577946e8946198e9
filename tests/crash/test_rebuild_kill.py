"""A rebuild is killed at random moments: nothing is lost, and it is done or it is not.

Forty times here; `python -m tools.torture kills` does it in four of ten rounds.
"""

import os
from collections import Counter

import pytest

import vdb
from tools.torture.campaigns.kills import Kills

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="rebuilders are made by forking")

ROUNDS = 40


def test_a_killed_rebuild_is_done_or_not_and_nothing_is_lost(tmp_path, capsys):
    campaign = Kills(tmp_path, 815, rebuilding=1.0)
    seen: Counter[str] = Counter()
    dtypes: set[str] = set()
    try:
        for number in range(ROUNDS):
            assert campaign.round(number) in ("rebuilding", "opening")
            with vdb.open(campaign.path, create=False) as db:
                info = db.collection("docs").info()
            seen["unfinished"] += info.rebuilding is not None
            seen["between two commits"] += (
                info.rebuilding is not None and not info.rebuilding.resumable
            )
            seen["kept"] += info.previous is not None
            seen["to another dtype"] += (
                info.rebuilding is not None and info.rebuilding.dtype != info.dtype
            )
            seen["to another model"] += (
                info.rebuilding is not None and info.rebuilding.dim != info.dim
            )
            seen["back to another model"] += (
                info.previous is not None and info.previous.dim != info.dim
            )
            dtypes.add(info.dtype)
            seen["changed over"] = len(info.history) - 1
    finally:
        campaign.end()
    with capsys.disabled():
        print(f" {ROUNDS} kills: {dict(seen)}, {campaign.shown} batches ", end="")
    assert seen["unfinished"] and seen["changed over"] and seen["to another dtype"]
    assert seen["to another model"]
    assert dtypes == {"float32", "float16"}
