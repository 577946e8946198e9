"""What tests of rebuilds share."""

from __future__ import annotations

import numpy as np
import pytest

from vdb.maintenance.rebuild import run

EAGER = run.Pace(rows=64, seconds=0.0, share=1e9, last=8, blocks=2, copied=128)
"""A checkpoint after every few rows, and several commits for each."""


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(run, "PACE", EAGER)


@pytest.fixture
def whole(crowd):
    """The crowd as integers, which every dtype but bit holds."""
    return np.rint(crowd * 10).astype(np.float32)
