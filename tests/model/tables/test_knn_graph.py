"""Graphs of neighbours are those of scikit-learn, where records are rows."""

import numpy as np
import pytest

import vdb

sparse = pytest.importorskip("scipy.sparse")


def collection(db, metric="l2", count=40, dim=6, **options):
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((count, dim)).astype(np.float32)
    if metric == "dot":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    docs = db.create_collection("docs", dim=dim, metric=metric, index=vdb.Flat(), **options)
    docs.add(range(count), vectors)
    return docs, vectors


SKLEARN = {"l2": "euclidean", "cosine": "cosine", "dot": "cosine", "l1": "manhattan"}


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("metric", SKLEARN)
def test_it_is_the_graph_of_scikit_learn(db, metric, mode):
    neighbors = pytest.importorskip("sklearn.neighbors")
    docs, vectors = collection(db, metric)
    model = neighbors.NearestNeighbors(metric=SKLEARN[metric], algorithm="brute").fit(vectors)
    for queries, k in ((vectors, 5), (vectors[:7] * np.float32(-1), 3)):
        graph = docs.search_many(queries, k=k).to_knn_graph(mode=mode, columns=40)
        wanted = model.kneighbors_graph(queries, k, mode=mode)
        assert type(graph) is sparse.csr_matrix
        assert (graph.shape, graph.dtype, graph.nnz) == (wanted.shape, np.float64, wanted.nnz)
        assert np.array_equal(graph.indptr, wanted.indptr)
        assert np.allclose(graph.toarray(), wanted.toarray(), atol=2e-3)


@pytest.mark.parametrize("metric", ["l2", "cosine", "l1"])
def test_a_point_is_no_neighbour_of_itself_where_that_is_asked(db, metric):
    neighbors = pytest.importorskip("sklearn.neighbors")
    docs, vectors = collection(db, metric)
    graph = docs.search_many(vectors, k=6).to_knn_graph(include_self=False, mode="connectivity")
    wanted = neighbors.kneighbors_graph(vectors, 5, metric=SKLEARN[metric])
    assert np.array_equal(graph.toarray(), wanted.toarray())
    assert graph.diagonal().sum() == 0


def test_estimators_take_it(db):
    cluster = pytest.importorskip("sklearn.cluster")
    docs, vectors = collection(db)
    graph = docs.search_many(vectors, k=40).to_knn_graph()
    labels = cluster.DBSCAN(eps=2.5, min_samples=3, metric="precomputed").fit(graph).labels_
    wanted = cluster.DBSCAN(eps=2.5, min_samples=3).fit(vectors).labels_
    assert np.array_equal(labels, wanted)


def test_rows_are_sorted_and_equal_vectors_are_stored_zeros(db):
    docs = db.create_collection("docs", dim=2, metric="cosine")
    docs.add(range(4), [[1, 1], [2, 2], [3, 3], [1, -1]])
    data, indices, indptr = docs.search_many([[1, 1], [1, -1]], k=3).to_knn_graph(arrays=True)
    assert indptr.tolist() == [0, 3, 6]
    assert (np.diff(data.reshape(2, 3)) >= 0).all()
    assert data[:3].tolist() == [0.0, 0.0, 0.0]
    assert indices[:3].tolist() == [0, 1, 2]
    assert docs.search_many([[1, 1]], k=3).to_knn_graph().nnz == 3


def test_ids_lead_to_columns(db):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add(["a", "b", "c"], [[0, 0], [1, 0], [5, 0]])
    many = docs.search_many([[0, 0], [5, 0]], k=2)
    graph = many.to_knn_graph(ids=["c", "b", "a"])
    assert graph.toarray().tolist() == [[0, 1, 0], [0, 4, 0]]
    assert graph.nnz == 4
    same = many.to_knn_graph(ids={"c": 0, "b": 1, "a": 2, "z": 9}, columns=3)
    assert np.array_equal(same.toarray(), graph.toarray())
    one = many[0].to_knn_graph(ids=np.array(["c", "b", "a"]))
    assert one.shape == (1, 3)
    with pytest.raises(vdb.InvalidArgumentError, match="no column for 'b'"):
        many.to_knn_graph(ids=["a", "c"])
    with pytest.raises(vdb.InvalidArgumentError, match="ids= lists those"):
        many.to_knn_graph()


def test_no_queries_make_a_graph_without_rows(db):
    docs, vectors = collection(db)
    assert docs.search_many(vectors[:0], k=3).to_knn_graph(ids=range(40)).shape == (0, 40)


def test_ids_that_are_no_row_numbers_are_refused(db):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add([-1, 5], [[0, 0], [1, 0]])
    with pytest.raises(vdb.InvalidArgumentError, match="no column -1"):
        docs.search_many([[0, 0]], k=2).to_knn_graph()
    far = docs.search_many([[1, 0]], k=1)
    assert far.to_knn_graph().shape == (1, 6)
    with pytest.raises(vdb.InvalidArgumentError, match="no column 5 among 5"):
        far.to_knn_graph(columns=5)
    with pytest.raises(vdb.InvalidArgumentError, match="mode"):
        far.to_knn_graph(mode="distances")


@pytest.mark.parametrize(("metric", "dtype"), [("ip", "float32"), ("dot", "int8")])
def test_inner_products_are_no_distances(db, metric, dtype):
    docs = db.create_collection("docs", dim=2, metric=metric, dtype=dtype)
    docs.add([0, 1], [[3, 0], [1, 0]])
    many = docs.search_many([[1, 0]], k=2)
    with pytest.raises(vdb.InvalidArgumentError, match="no distances"):
        many.to_knn_graph()
    assert many.to_knn_graph(mode="connectivity").toarray().tolist() == [[1, 1]]


def test_bits_have_their_differing_bits(db):
    docs = db.create_collection("docs", dim=16, metric="hamming", dtype="bit")
    docs.add([0, 1], np.array([[0, 0], [255, 1]], np.uint8))
    graph = docs.search_many(np.zeros((1, 2), np.uint8), k=2).to_knn_graph()
    assert graph.toarray().tolist() == [[0, 9]]
