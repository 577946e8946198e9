"""The conventions of Redis (vector sets)."""

from __future__ import annotations

from vdb.scores.engine_rows import Engine, EngineRow, zero_is
from vdb.scores.formula_families import CERTAINTY
from vdb.scores.summation_order import Order
from vdb.scores.summed_quantities import normalized_cosine
from vdb.scores.thresholds import DISTANCE_EPSILON, EPSILON

__all__ = ["ENGINES"]

_VSET_SUMS = Order(lanes=4, registers=2, fold="sequence", gather="scalars")

_VSET_NORMS = Order(registers=4, gather="turns")

_VSET = EngineRow(
    "cosine",
    "VSIM WITHSCORES",
    CERTAINTY,
    from_vectors=normalized_cosine(_VSET_NORMS, _VSET_SUMS, divided=True, as_distance=True),
    zero=zero_is("0.5"),
    precision="float64",
    note="with NOQUANT; vectors are 8-bit codes by default, and scores approximate",
)

_REDIS_VSET = Engine(
    name="redis-vset",
    version="Redis 8.2.2 and later (8.2.3)",
    source="redis/redis: modules/vector-sets/vset.c, hnsw.c; pull request 14223, in the notes of "
    "8.2.2",
    evidence="measured",
    threshold=EPSILON,
    nan="the score is NaN",
    rows=(_VSET,),
)

_REDIS_VSET_80 = _REDIS_VSET._replace(
    name="redis-vset-8.0",
    version="Redis 8.0.0 to 8.0.3, 8.2.0 and 8.2.1 (8.0.2)",
    threshold=DISTANCE_EPSILON,
)

ENGINES = (_REDIS_VSET, _REDIS_VSET_80)
