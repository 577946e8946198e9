"""How far directions are apart: measured over vectors that have one."""

import numpy as np
import pytest


def spread_of(db, vectors, **kind):
    docs = db.create_collection("docs", dim=vectors.shape[1], **kind)
    docs.add(np.arange(len(vectors)), vectors)
    return docs.info().angular_spread


def test_it_is_the_median_of_one_minus_cosine(db):
    vectors = np.random.default_rng(0).normal(size=(40, 8))
    units = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    apart = (1 - units @ units.T)[np.triu_indices(40, 1)]
    assert spread_of(db, vectors, metric="cosine") == pytest.approx(np.median(apart), abs=1e-6)
    assert not list(db.check())


def test_zero_vectors_under_dot_are_left_out(db):
    vectors = np.zeros((6, 4), dtype=np.int8)
    vectors[3], vectors[5] = [3, 0, 0, 0], [0, 5, 0, 0]
    assert spread_of(db, vectors, metric="dot", dtype="int8") == pytest.approx(1)
    assert not list(db.check())


def test_there_is_none_where_no_two_vectors_have_a_direction(db):
    vectors = np.zeros((6, 4), dtype=np.int8)
    vectors[2] = [0, 0, 7, 0]
    assert spread_of(db, vectors, metric="dot", dtype="int8") is None
    assert not list(db.check())
