"""scikit-learn's own checks of estimators, and the graph beside KNeighborsTransformer's."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import vdb

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.manifold import TSNE, Isomap, trustworthiness
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsTransformer,
    LocalOutlierFactor,
)
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from vdb.integrations.sklearn import VdbTransformer

METRICS = ["euclidean", "sqeuclidean", "cosine", "manhattan"]
NEIGHBOURS = 15


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(1500, 16, centers=8, cluster_std=2.0, random_state=7)


@pytest.fixture(scope="module", name="X")
def rows(blobs):
    return blobs[0]


def reference(X, metric="euclidean", mode="distance"):
    brute = KNeighborsTransformer(
        n_neighbors=NEIGHBOURS, metric=metric, mode=mode, algorithm="brute"
    )
    return brute.fit(X)


def columns(graph):
    return graph.indices.reshape(graph.shape[0], -1)


def recall(graph, exact):
    both = [
        len(set(a) & set(b)) / len(b) for a, b in zip(columns(graph), columns(exact), strict=True)
    ]
    return float(np.mean(both))


@parametrize_with_checks(
    [VdbTransformer(), VdbTransformer(mode="connectivity", metric="manhattan", exact=True)]
)
def test_the_hosts_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("metric", METRICS)
def test_the_graph_is_that_of_kneighbors_transformer(X, metric, mode, exact):
    expected = reference(X, metric, mode).transform(X)
    transformer = VdbTransformer(n_neighbors=NEIGHBOURS, metric=metric, mode=mode, exact=exact)
    graph = transformer.fit_transform(X)
    assert graph.shape == expected.shape and graph.nnz == expected.nnz
    assert (graph.indptr == expected.indptr).all()
    assert recall(graph, expected) >= (1 if exact else 0.99)
    assert (columns(graph)[:, 0] == np.arange(len(X))).all()
    if exact:
        assert np.allclose(graph.data, expected.data, rtol=1e-5, atol=1e-6)
    difference = abs(graph - expected)
    if exact and mode == "distance":
        assert difference.max() < 1e-4 * expected.max()


def test_new_rows_are_transformed_as_by_the_exact_transformer(X):
    fitted, new = X[:1200], X[1200:]
    expected = reference(fitted).transform(new)
    graph = VdbTransformer(n_neighbors=NEIGHBOURS).fit(fitted).transform(new)
    assert graph.shape == (300, 1200)
    assert recall(graph, expected) >= 0.99
    distances = graph.data.reshape(300, -1)
    assert (np.diff(distances, axis=1) >= 0).all()
    equal = columns(graph) == columns(expected)
    assert np.allclose(graph.data[equal.ravel()], expected.data[equal.ravel()], rtol=1e-5)


def test_neighbours_of_fitted_rows_leave_out_the_row_itself(X):
    transformer = VdbTransformer(n_neighbors=NEIGHBOURS, exact=True).fit(X)
    distances, neighbours = transformer.kneighbors()
    expected_distances, expected = reference(X).kneighbors()
    assert (neighbours == expected).mean() > 0.999  # equal distances may change places
    assert np.allclose(distances, expected_distances, rtol=1e-5)
    assert (transformer.kneighbors(n_neighbors=2, return_distance=False) == neighbours[:, :2]).all()
    graph = transformer.kneighbors_graph(mode="distance")
    assert (columns(graph) == neighbours).all() and np.allclose(graph.data, distances.ravel())


def test_a_row_is_its_own_neighbour_among_many_equal_ones():
    X = np.ones((30, 4))
    graph = VdbTransformer(n_neighbors=3).fit_transform(X)
    assert (columns(graph)[:, 0] == np.arange(30)).all()
    assert graph.nnz == 120 and (graph.data == 0).all()
    assert all(len(set(row)) == 4 for row in columns(graph))


def test_the_graph_has_the_precision_of_the_rows(X):
    for dtype in (np.float32, np.float64):
        transformer = VdbTransformer().fit(X[:100].astype(dtype))
        assert transformer.transform(X[:100].astype(dtype)).dtype == dtype
        assert transformer.kneighbors(X[:3].astype(dtype))[0].dtype == dtype
    assert VdbTransformer().fit_transform(X[:100].astype(np.float16)).dtype == np.float64


@pytest.mark.parametrize(
    ("parameters", "error", "text"),
    [
        ({"metric": "ip"}, ValueError, "metric must be one of 'euclidean'"),
        ({"metric": "dot"}, ValueError, "metric must be one of 'euclidean'"),
        ({"mode": "graph"}, ValueError, "mode must be one of 'distance', 'connectivity'"),
        ({"n_neighbors": 0}, ValueError, "n_neighbors must be at least 1, got 0"),
        ({"n_neighbors": 1.5}, TypeError, "n_neighbors must be an integer"),
        ({"dtype": "float64"}, ValueError, "dtype"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"M": 1}, ValueError, "M"),
        ({"target_recall": 2.0, "n_neighbors": 3}, ValueError, "target_recall"),
    ],
)
def test_a_bad_parameter_is_refused_by_fit_and_nothing_is_fitted(X, path, parameters, error, text):
    transformer = VdbTransformer(path=path, **parameters)
    with pytest.raises(error, match=text):
        transformer.fit(X)
    with pytest.raises(NotFittedError):
        transformer.transform(X)


def test_bad_rows_are_refused(X):
    with pytest.raises(ValueError, match="zero"):
        VdbTransformer(metric="cosine").fit(np.zeros((3, 2)))
    transformer = VdbTransformer(n_neighbors=5).fit(X[:6])
    with pytest.raises(ValueError, match="16 features"):
        transformer.transform(X[:, :4])
    with pytest.raises(ValueError, match="n_neighbors <= n_samples_fit"):
        transformer.kneighbors(X, 7)
    with pytest.raises(ValueError, match="n_neighbors < n_samples_fit"):
        transformer.kneighbors(None, 6)


def test_an_index_at_a_path_is_made_once_and_opened_again(X, path):
    first = VdbTransformer(n_neighbors=NEIGHBOURS, path=path).fit(X)
    expected = first.transform(X[:50])
    first.close()
    again = VdbTransformer.open(path, n_neighbors=NEIGHBOURS)
    assert (again.n_samples_fit_, again.n_features_in_) == X.shape
    assert (again.transform(X[:50]) != expected).nnz == 0
    assert (first.transform(X[:50]) != expected).nnz == 0  # opened again by itself
    assert again.get_feature_names_out()[1] == "vdbtransformer1"
    with vdb.open(path) as db:
        assert list(db.check()) == []
        assert db["sklearn"].metric == "l2"


def test_fit_replaces_its_own_collection_and_no_other(X, path):
    transformer = VdbTransformer(path=path).fit(X[:100])
    transformer.set_params(metric="cosine").fit(X[:50, :4])
    assert transformer.transform(X[:5, :4]).shape == (5, 50)
    with vdb.open(path) as db:
        db.create_collection("docs", dim=4, metric="l2").add([1], X[:1, :4])
        with pytest.raises(vdb.InvalidArgumentError, match="not made by a transformer"):
            VdbTransformer(path=path, collection="docs").fit(X)
        assert len(db["docs"]) == 1 and len(db["sklearn"]) == 50
        assert list(db.check()) == []


def test_a_collection_of_others_is_opened_with_its_ids(X, path):
    names = [f"row {(7 * i) % 100:02}" for i in range(100)]
    with vdb.open(path) as db:
        coll = db.create_collection("docs", dim=16, metric="l1")
        coll.add(names, X[:100])
        db.create_collection("products", dim=2, metric="ip").add([1], [[1.0, 2.0]])
        bare = db.create_collection("bare", dim=2, metric="l2", optional_vectors=True)
        bare.add([1, 2], [[1.0, 2.0], None])
    transformer = VdbTransformer.open(path, "docs", n_neighbors=3)
    assert transformer.metric == "manhattan"
    assert (transformer.ids_ == sorted(names)).all()
    distances, neighbours = transformer.kneighbors(X[:100], 3)
    assert transformer.ids_[neighbours[:, 0]].tolist() == names
    expected, _ = reference(X[:100], "manhattan").kneighbors(X[:100], 3)
    assert np.allclose(distances, expected, rtol=1e-5)
    with pytest.raises(vdb.InvalidArgumentError, match="'ip', which gives no distance"):
        VdbTransformer.open(path, "products")
    with pytest.raises(vdb.InvalidArgumentError, match="gives no cosine distance"):
        VdbTransformer.open(path, "docs", metric="cosine")
    with pytest.raises(vdb.InvalidArgumentError, match="1 records of collection 'bare'"):
        VdbTransformer.open(path, "bare")
    with pytest.raises(vdb.NotFoundError):
        VdbTransformer.open(path / "elsewhere")


@pytest.mark.parametrize("stored", [True, False])
def test_a_pickle_and_a_clone_hold_no_handle(X, path, stored):
    transformer = VdbTransformer(path=path if stored else None, random_state=3).fit(X)
    expected = transformer.transform(X[:20])
    text = pickle.dumps(transformer)
    assert (len(text) < 5_000) is stored
    for again in (pickle.loads(text), pickle.loads(pickle.dumps(pickle.loads(text)))):
        assert (again.transform(X[:20]) != expected).nnz == 0
    with pytest.raises(NotFittedError):
        clone(transformer).transform(X)


def test_a_transformer_whose_index_another_one_replaced_says_so(X, path):
    text = pickle.dumps(VdbTransformer(path=path).fit(X[:100]))
    VdbTransformer(path=path).fit(X[:90])
    with pytest.raises(vdb.InvalidArgumentError, match="has 90 rows"):
        pickle.loads(text).transform(X)


def test_a_closed_transformer_without_a_path_is_to_be_fitted_again(X):
    with VdbTransformer() as transformer:
        transformer.fit(X[:50])
    with pytest.raises(vdb.ClosedError, match="fit it again"):
        transformer.transform(X[:50])
    assert transformer.fit(X[:60]).transform(X[:50]).shape == (50, 60)


def test_the_same_rows_give_the_same_graph_with_any_number_of_jobs(X):
    graphs = [
        VdbTransformer(n_jobs=jobs, random_state=np.random.RandomState(5)).fit_transform(X)
        for jobs in (1, -1, -2)
    ]
    assert (graphs[0] != graphs[1]).nnz == 0 and (graphs[0] != graphs[2]).nnz == 0


def test_it_stands_in_pipelines_and_searches_of_parameters(X, blobs):
    labels = blobs[1]
    pipeline = make_pipeline(
        VdbTransformer(n_neighbors=10, mode="distance"),
        KNeighborsClassifier(5, metric="precomputed"),
    )
    search = GridSearchCV(pipeline, {"vdbtransformer__metric": ["euclidean", "manhattan"]}, cv=3)
    assert search.fit(X, labels).best_score_ > 0.95


def test_what_takes_a_precomputed_graph_takes_this_one(X, blobs):
    """DBSCAN, LocalOutlierFactor, Isomap and t-SNE beside their results on the exact graph."""
    labels = blobs[1]
    graph = VdbTransformer(n_neighbors=30).fit_transform(X)
    exact = KNeighborsTransformer(n_neighbors=30).fit_transform(X)
    radius = float(np.quantile(exact.data, 0.6))
    clusters = [DBSCAN(eps=radius, metric="precomputed").fit_predict(one) for one in (graph, exact)]
    assert adjusted_rand_score(*clusters) > 0.99
    outliers = [
        LocalOutlierFactor(20, metric="precomputed").fit(one).negative_outlier_factor_
        for one in (graph, exact)
    ]
    assert np.corrcoef(*outliers)[0, 1] > 0.99
    one_cluster = X[labels == 0]
    flat = VdbTransformer(n_neighbors=20).fit_transform(one_cluster)
    assert Isomap(n_neighbors=10, metric="precomputed").fit_transform(flat).shape == (
        len(one_cluster),
        2,
    )
    small = VdbTransformer(n_neighbors=61).fit_transform(X[:300])
    shown = TSNE(
        metric="precomputed", init="random", perplexity=20, max_iter=300, random_state=0
    ).fit_transform(small)
    assert trustworthiness(X[:300], shown) > 0.9
