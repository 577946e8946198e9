"""Thresholds are in each engine's own unit, and its boundary is the engine's."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.scored import ALL, PLAIN, one

pytestmark = pytest.mark.usefixtures("short_walks")


class TestThreshold:
    @pytest.mark.parametrize(("metric", "name"), ALL)
    def test_at_a_score_just_returned_the_boundary_is_the_engines(
        self, crowds, crowd, metric, name
    ):
        docs = crowds[metric]
        q = crowd[11] * np.float32(0.7)
        row = vdb.scores.describe(name, metric)
        hits = docs.search(q, 40, scores=name, exact=True)
        for place in (1, 9, 25):
            bound = in_its_unit(row, float(hits.scores[place]), float(hits.values[place]))
            if bound is None:
                continue
            found = docs.search(q, k=None, scores=name, threshold=bound, with_payloads=False)
            closer = hits.scores < hits.scores[place]
            closer = closer if row.direction == "lower" else hits.scores > hits.scores[place]
            assert set(hits.ids[closer].tolist()) <= set(found.ids.tolist())
            assert (hits.ids[place] in found.ids) == (row.threshold == "inclusive"), bound
            cut = docs.search(q, 40, scores=name, threshold=bound, exact=True)
            assert cut.ids.tolist() == [i for i in hits.ids.tolist() if i in found.ids]

    @pytest.mark.parametrize("name", ["vsag", "redis"])
    def test_inner_products_above_one_can_be_asked_for(self, crowds, crowd, name):
        docs = crowds["ip"]
        found = docs.search(crowd[3], k=None, threshold=-4.0, scores=name)
        truth = oracle.values("ip", crowd[3], crowd) >= 5.0
        assert set(found.ids.tolist()) == set(np.flatnonzero(truth).tolist())
        assert (found.scores <= -4).all() and len(found) > 3

    def test_elasticsearch_compares_the_norm_not_its_square(self, db):
        docs = one(db, "l2", [[1, 0], [2, 0], [3, 0]])
        for bound in (2.0, -2.0):
            found = docs.search([0, 0], k=None, threshold=bound, scores="elasticsearch")
            assert found.ids.tolist() == [0, 1]
        found = docs.search([0, 0], k=None, threshold=4.0, scores="faiss")
        assert found.ids.tolist() == [0]
        assert len(docs.search([0, 0], k=None, threshold=-2.0, scores="faiss")) == 0
        assert docs.search([0, 0], k=None, threshold=-2.0, scores="vespa").ids.tolist() == [0, 1]

    @pytest.mark.parametrize("metric", PLAIN)
    def test_a_value_just_returned_is_within_elasticsearchs_similarity(self, crowds, crowd, metric):
        hits = crowds[metric].search(crowd[20] * 1.3, 60, scores="elasticsearch", exact=True)
        for place, value in enumerate(hits.values.tolist()):
            bound = np.sqrt(value) if metric == "l2" else value
            for given in (bound, np.float32(bound)):
                found = crowds[metric].search(
                    crowd[20] * 1.3, 60, scores="elasticsearch", exact=True, threshold=given
                )
                assert hits.ids[place] in found.ids
                assert abs(len(found) - place - 1) <= 1

    def test_zvec_ignores_a_radius_of_zero_or_less(self, db):
        docs = one(db, "l2", [[1, 0], [2, 0], [3, 0]])
        assert len(docs.search([0, 0], k=None, threshold=0.0, scores="zvec")) == 3
        assert len(docs.search([0, 0], k=2, threshold=-1.0, scores="zvec")) == 2
        assert docs.search([0, 0], k=None, threshold=4.0, scores="zvec").ids.tolist() == [0, 1]

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
    def test_a_threshold_beyond_float32_is_compared_in_silence(self, db, metric):
        docs = db.create_collection("huge", dim=2, metric=metric)
        docs.add([1, 2], [[1, 0], [0, 1]])
        for name in vdb.scores.conventions(metric):
            for bound in (3.5e38, 1e300):
                try:
                    found = docs.search([1, 0], threshold=bound, scores=name)
                except vdb.InvalidArgumentError:  # the engine refuses it
                    continue
                assert len(found) in (0, 2), name

    def test_weaviate_is_generous_by_a_millionth(self, db):
        docs = one(db, "l2", [[0.5, 0], [2, 0]])
        for bound, found in ((0.25, 1), (0.2499995, 1), (0.249998, 0)):
            assert len(docs.search([0, 0], k=None, threshold=bound, scores="weaviate")) == found

    def test_vespa_compares_its_distance_whichever_score_is_returned(self, db):
        docs = one(db, "cosine", [[1, 0], [1, 1], [0, 1], [-1, 0]])
        for name in ("vespa", "vespa-distance"):
            for bound, found in ((-1, 1), (0, 1), (0.8, 2), (1.6, 3), (9, 4)):
                assert len(docs.search([1, 0], k=None, threshold=bound, scores=name)) == found

    @pytest.mark.parametrize(
        ("name", "metric", "threshold", "rule"),
        [
            ("opensearch", "cosine", 1.5, "between 0 and 1"),
            ("opensearch", "l2", -0.1, "between 0 and 1"),
            ("opensearch", "ip", -0.1, "at least 0"),
            ("redis-vset", "cosine", 0.0, "above 0"),
        ],
    )
    def test_what_the_engine_refuses_is_refused(self, crowds, name, metric, threshold, rule):
        with pytest.raises(vdb.InvalidArgumentError, match=f"{rule} .*the engine's rule"):
            crowds[metric].search(np.ones(16), threshold=threshold, scores=name)

    def test_opensearch_takes_more_than_one_for_inner_products(self, crowds, crowd):
        found = crowds["ip"].search(crowd[3], k=None, threshold=6.0, scores="opensearch")
        assert len(found) == (oracle.values("ip", crowd[3], crowd) >= 5.0).sum()


def in_its_unit(row, score, value):
    """A score as the engine's own threshold parameter has it; None where rounding decides."""
    name, metric = row.name, row.metric
    if name == "elasticsearch":
        return None if metric == "l2" else value if metric == "ip" else 2 * score - 1
    if name == "vespa":
        return -score if metric == "ip" else 1 / score - 1
    if name == "vespa-prenormalized-angular" or (name, metric) == ("milvus-3", "l2"):
        return None
    if name == "redis-vset-8.0":
        return 2 * (1 - score)
    return 1 - score if name == "redis-vset" else score
