"""Hostile graphs under AddressSanitizer, where tools/torture/harness/build has made the program.

It takes minutes to compile: without it tests/kernel/test_hostile_graphs.py has to do.
"""

from pathlib import Path

import pytest

from support.torture import torture

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / ".build/harness/address/graphs"
SOURCES = [*ROOT.glob("vdb/kernel/**/*.*"), *ROOT.glob("tools/torture/harness/*")]


@pytest.mark.skipif(
    not PROGRAM.exists()
    or PROGRAM.stat().st_mtime < max(source.stat().st_mtime for source in SOURCES),
    reason="tools/torture/harness/build address has not been run since the sources changed",
)
def test_a_thousand_hostile_graphs_end_well():
    status, said, error = torture("graphs", "--rounds", 1, "--seed", 5)
    assert status == 0, said + error
    assert said.startswith("graphs: passed: 1 rounds from 0, seed 5")
