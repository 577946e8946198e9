"""From one engine's score to another's."""

from __future__ import annotations

import numpy as np
import pytest

import vdb

PRODUCTS = ("ip", "dot", "cosine")


def test_scores_go_from_engine_to_engine():
    convert = vdb.scores.convert
    assert convert(0.83, metric="cosine", source="elasticsearch", target="native") == 2 * 0.83 - 1
    assert convert(-2, metric="ip", source="vsag", target="elasticsearch") == 4.0
    assert convert(0.25, metric="l2", source="elasticsearch", target="pgvector") == np.sqrt(3.0)
    got = convert([[0.5, 1.0]], metric="l2", source="vespa", target="faiss")
    assert got.tolist() == [[1.0, 0.0]] and got.dtype == np.float32
    assert convert(4, metric="hamming", source="faiss", target="elasticsearch", dim=16) == 0.75


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine", "dot"])
@pytest.mark.parametrize("wanted", ["l2", "ip", "cosine", "dot"])
def test_between_metrics_only_unit_vectors_will_do(metric, wanted):
    q, v = np.array([0.6, 0.8]), np.array([-0.28, 0.96])
    value = {"l2": float(((q - v) ** 2).sum())}.get(metric, float(q @ v))
    truth = {"l2": float(((q - v) ** 2).sum())}.get(wanted, float(q @ v))
    names = {"metric": metric, "source": "native", "target": "native", "to_metric": wanted}
    assert vdb.scores.convert(value, **names, unit_norms=True) == pytest.approx(truth)
    if metric in (wanted, "dot"):
        assert vdb.scores.convert(value, **names) == pytest.approx(truth)
    else:
        with pytest.raises(vdb.InvalidArgumentError, match="unit_norms=True"):
            vdb.scores.convert(value, **names)


@pytest.mark.parametrize(("metric", "wanted"), [("l1", "l2"), ("cosine", "l1"), ("hamming", "ip")])
def test_metrics_that_have_nothing_in_common_are_refused(metric, wanted):
    with pytest.raises(vdb.InvalidArgumentError, match="no score tells the other"):
        vdb.scores.convert(
            0.5,
            metric=metric,
            to_metric=wanted,
            source="native",
            target="native",
            unit_norms=True,
        )


@pytest.mark.parametrize(("metric", "score"), [("l2", 5.0), ("ip", 1.5), ("dot", -1.5)])
def test_what_no_unit_vectors_have_is_refused(metric, score):
    wanted = "cosine" if metric == "l2" else "l2"
    names = {"metric": metric, "source": "native", "target": "native", "to_metric": wanted}
    with pytest.raises(vdb.InvalidArgumentError, match="must belong to vectors of length 1"):
        vdb.scores.convert([0.5, score], **names, unit_norms=True)


def test_the_flag_is_a_bool():
    with pytest.raises(vdb.ArgumentTypeError, match="unit_norms"):
        vdb.scores.convert(0.5, metric="l2", source="native", target="native", unit_norms="yes")
