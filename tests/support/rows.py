"""Rows to write."""

from __future__ import annotations

import numpy as np


def matrix(rows, dim=16, seed=0):
    """Normal float32 of shape (rows, dim), seeded."""
    return np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)
