"""Vespa: what `closeness` and `distance` return. Its thresholds are in the unit of `distance`."""

from __future__ import annotations

import math

import numpy as np

from vdb.scores.engine_rows import Engine, EngineRow, ip_and_dot, zero_is
from vdb.scores.formula_families import (
    ANGLE,
    NEGATED,
    PRENORMALIZED,
    RECIPROCAL,
    RECIPROCAL_ANGLE,
    RECIPROCAL_ROOT,
    ROOT,
    SAME,
)
from vdb.scores.thresholds import Numbers, distance_threshold
from vdb.scores.vector_quantities import BY_QUERY_LENGTH

__all__ = ["ENGINES"]


def _of_closeness(closeness: Numbers) -> Numbers:
    return 1 / closeness - 1


def _as_it_is(distance: Numbers) -> Numbers:
    return distance


def _angle(cosines: Numbers) -> Numbers:
    return np.asarray(np.arccos(np.clip(cosines, -1, 1)))


def _within_a_half_turn(threshold: float) -> float:
    return min(max(threshold, 0.0), math.pi)


_EUCLIDEAN = (
    "L2 norm |q - v|, not squared",
    np.sqrt,
    abs,
    "a negative number is squared: -2 means 2",
)

_ANGULAR = ("angle in radians", _angle, _within_a_half_turn, "below 0 means 0, above pi means pi")

_DOT = distance_threshold("-q.v", np.negative, note="may be negative")

_HAMMING = ("differing bits", _as_it_is, float)

_ZERO_ANGLE = "0.38898 (an angle of pi / 2)"

_ANGULAR_NOTE = (
    "arccos is ill-conditioned near 0 and pi: the last bit of a cosine in float32 is 3e-4 there"
)

_SOURCE = (
    "vespa-engine/vespa: searchlib/tensor/*_distance.cpp, features/closenessfeature.cpp, "
    "features/distancefeature.cpp"
)

_VERSION = "Vespa 8.738"

_NAN = "not known"

_CLOSENESS = Engine(
    name="vespa",
    version=_VERSION,
    source=_SOURCE,
    evidence="compiled",
    precision="float64",
    threshold=_DOT,
    nan=_NAN,
    rows=(
        EngineRow(
            "l2",
            "euclidean, closeness",
            RECIPROCAL_ROOT,
            distance_threshold(*_EUCLIDEAN, of_score=_of_closeness),
        ),
        *ip_and_dot("dotproduct, closeness", SAME),
        EngineRow(
            "cosine",
            "angular, closeness",
            RECIPROCAL_ANGLE,
            distance_threshold(*_ANGULAR, of_score=_of_closeness),
            zero=zero_is(_ZERO_ANGLE),
            note=_ANGULAR_NOTE,
        ),
        EngineRow(
            "hamming",
            "hamming, closeness",
            RECIPROCAL,
            distance_threshold(*_HAMMING, of_score=_of_closeness),
        ),
    ),
)

_DISTANCE = _CLOSENESS._replace(
    name="vespa-distance",
    rows=(
        EngineRow(
            "l2", "euclidean, distance", ROOT, distance_threshold(*_EUCLIDEAN, of_score=_as_it_is)
        ),
        *ip_and_dot("dotproduct, distance", NEGATED),
        EngineRow(
            "cosine",
            "angular, distance",
            ANGLE,
            distance_threshold(*_ANGULAR, of_score=_as_it_is),
            zero=zero_is("pi / 2"),
            note=_ANGULAR_NOTE,
        ),
        EngineRow("hamming", "hamming, distance", SAME, distance_threshold(*_HAMMING)),
    ),
)

_PRENORMALIZED_NOTE = (
    "it is the cosine only where stored vectors have the query's length; a value alone is scored "
    "as if they had. Here the hits are those of the cosine; Vespa's are those of the inner product"
)

_PRENORMALIZED_ROWS = tuple(
    EngineRow(
        metric,
        "prenormalized-angular, closeness",
        PRENORMALIZED,
        distance_threshold(
            "1 - q.v / |q|^2",
            lambda quotients: 1 - quotients,
            note="rows beyond the clamp at 2 are out even at a threshold of 2",
        ),
        from_vectors=BY_QUERY_LENGTH,
        zero=zero_is("0.5"),
        note=note,
    )
    for metric, note in (
        ("cosine", _PRENORMALIZED_NOTE),
        ("dot", ""),
    )
)

_PRENORMALIZED = _CLOSENESS._replace(name="vespa-prenormalized-angular", rows=_PRENORMALIZED_ROWS)

_INNERPRODUCT = _PRENORMALIZED._replace(
    name="vespa-innerproduct", alias_of="vespa-prenormalized-angular"
)

ENGINES = (_CLOSENESS, _DISTANCE, _PRENORMALIZED, _INNERPRODUCT)
