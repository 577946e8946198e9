"""Drives one library in an interpreter that has it: cases in as lines of JSON, hits out.

It is run as a script, and imports nothing of vdb: ``python libraries.py FUSION < cases > hits``.
An engine that makes its lists itself returns them too. Ids are ints; libraries that want strs are
given them as such. None for a score stands for a library that has one and does not return it.
"""

from __future__ import annotations

import collections
import functools
import importlib
import json
import logging
import random
import sys
import tempfile
from typing import Any

Case = dict[str, Any]
Hits = list[tuple[int, "float | None"]]


def qdrant(case: Case, method: str) -> Hits:
    """Of the client's local mode."""
    from qdrant_client.http.models import ScoredPoint
    from qdrant_client.hybrid import fusion

    lists = [[ScoredPoint(id=i, version=0, score=s) for i, s in each] for each in case["lists"]]
    if method == "dbsf":
        points = fusion.distribution_based_score_fusion(lists, 1000)
    else:
        known = case["arguments"]
        points = fusion.reciprocal_rank_fusion(
            lists, 1000, known["rank_constant"], known.get("weights")
        )
    return [(point.id, point.score) for point in points]


@functools.cache
def _shard() -> Any:
    """Thirty points in the engine itself."""
    import qdrant_edge

    pick = random.Random(1)
    vectors = qdrant_edge.EdgeVectorParams(size=4, distance=qdrant_edge.Distance.Dot)
    shard = qdrant_edge.EdgeShard.create(
        tempfile.mkdtemp(prefix="edge"), qdrant_edge.EdgeConfig(vectors=vectors)
    )
    points = [qdrant_edge.Point(i, [pick.gauss(0, 1) for _ in range(4)], {}) for i in range(1, 31)]
    shard.update(qdrant_edge.UpdateOperation.upsert_points(points))
    return shard


def edge(case: Case, method: str) -> dict[str, Any]:
    """The engine in this process: what it fuses, and the lists that it fused."""
    import qdrant_edge as engine

    known = case["arguments"]
    nearest = [engine.Query.Nearest(query) for query in case["queries"]]
    lists = [
        _shard().query(engine.QueryRequest(limit=limit, query=query))
        for query, limit in zip(nearest, case["limits"], strict=True)
    ]
    if method == "dbsf":
        fusion = engine.Fusion.Dbsf()
    else:
        fusion = engine.Fusion.Rrf(k=known["rank_constant"], weights=known["weights"])
    stages = [
        engine.Prefetch(limit=limit, query=query)
        for query, limit in zip(nearest, case["limits"], strict=True)
    ]
    hits = _shard().query(engine.QueryRequest(limit=1000, query=fusion, prefetches=stages))
    return {
        "lists": [[(hit.id, hit.score) for hit in each] for each in lists],
        "hits": [(hit.id, hit.score) for hit in hits],
    }


def langchain(case: Case, _: str) -> Hits:
    """The ensemble returns an order alone."""
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_core.documents import Document

    known = case["arguments"]
    ensemble = EnsembleRetriever.model_construct(
        retrievers=[], weights=known["weights"], c=known["rank_constant"], id_key="id"
    )
    lists = [[Document(str(i), metadata={"id": i}) for i, _ in each] for each in case["lists"]]
    return [(one.metadata["id"], None) for one in ensemble.weighted_reciprocal_rank(lists)]


def llamaindex(case: Case, mode: str) -> Hits:
    """The methods behind the modes."""
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.schema import NodeWithScore, TextNode

    known, lists = case["arguments"], case["lists"]
    retriever = QueryFusionRetriever(
        [None] * len(lists),  # type: ignore[list-item]
        llm=MockLLM(),
        num_queries=known.get("num_queries", 1),
        retriever_weights=known.get("weights"),
    )
    results = {
        ("q", place): [NodeWithScore(node=TextNode(text=str(i)), score=s) for i, s in each]
        for place, each in enumerate(lists)
    }
    fused = {
        "reciprocal": retriever._reciprocal_rerank_fusion,
        "relative": retriever._relative_score_fusion,
        "dist": lambda some: retriever._relative_score_fusion(some, dist_based=True),
        "simple": retriever._simple_fusion,
    }[mode](results)
    return [(int(one.node.text), one.score) for one in fused]


def haystack(case: Case, mode: str) -> Hits:
    """DocumentJoiner."""
    from haystack import Document
    from haystack.components.joiners import DocumentJoiner

    modes = {"rrf": "reciprocal_rank_fusion", "dbsf": "distribution_based_rank_fusion"}
    joiner = DocumentJoiner(modes.get(mode, mode), weights=case["arguments"].get("weights"))
    lists = [[Document(id=str(i), score=s) for i, s in each] for each in case["lists"]]
    return [(int(one.id), one.score) for one in joiner.run(lists)["documents"]]


def lancedb(case: Case, method: str) -> Hits:
    """What a hybrid query does with its two tables."""
    import pyarrow as pa
    from lancedb.query import LanceHybridQueryBuilder
    from lancedb.rerankers import LinearCombinationReranker, MRRReranker, RRFReranker

    known = case["arguments"]
    norm = known.get("normalize", "score")
    if method == "rrf":
        reranker: Any = RRFReranker(known["rank_constant"])
    elif method == "mrr":
        words, vectors = known.get("weights", (0.5, 0.5))
        reranker = MRRReranker(weight_vector=vectors, weight_fts=words)
    else:
        reranker = LinearCombinationReranker(known["weight"], known["fill"])
    tables = []
    for each, column in zip(case["lists"], ("_score", "_distance"), strict=True):
        scores = [s if method == "linear" or column == "_score" else -s for _, s in each]
        ids = pa.array([i for i, _ in each], pa.uint64())
        tables.append(pa.table({"_rowid": ids, column: pa.array(scores, pa.float32())}))
    if not any(map(len, tables)):
        return []  # a query ends before it fuses
    result = LanceHybridQueryBuilder._combine_hybrid_results(
        tables[0], tables[1], norm, "q", reranker, 1000, True
    )
    ids, scores = result["_rowid"].to_pylist(), result["_relevance_score"].to_pylist()
    return list(zip(ids, scores, strict=True))


def milvus(case: Case, method: str) -> Hits:
    """The operators of Milvus Lite; scores are float32 where they leave it."""
    import numpy as np
    from milvus_lite.function.dataframe import DataFrame
    from milvus_lite.function.ops.merge_op import MergeOp
    from milvus_lite.function.ops.sort_op import SortOp
    from milvus_lite.function.types import ID_FIELD, SCORE_FIELD, FuncContext

    known = case["arguments"]
    if method == "rrf":
        merge = MergeOp("rrf", rrf_k=known["rank_constant"])
    else:
        merge = MergeOp(
            "weighted",
            weights=known["weights"],
            normalize=known["norm_score"],
            metric_types=known["metrics"],
        )
    frames = [
        DataFrame([[{ID_FIELD: i, SCORE_FIELD: float(np.float32(s))} for i, s in each]])
        for each in case["lists"]
    ]
    context: Any = FuncContext.__new__(FuncContext)
    merged = merge.execute_multi(context, frames)
    order = SortOp(SCORE_FIELD, merge.sort_descending, ID_FIELD).execute(context, merged)
    return [(row[ID_FIELD], float(np.float32(row[SCORE_FIELD]))) for row in order.chunk(0)]


def ranx(all_cases: list[Case], method: str) -> list[Hits]:
    """Many cases at once, as queries of runs: those that have the same parameters."""
    from ranx import Run, fuse

    groups: dict[str, list[int]] = collections.defaultdict(list)
    for place, case in enumerate(all_cases):
        groups[json.dumps([case["arguments"], len(case["lists"])])].append(place)
    out: list[Hits] = [[] for _ in all_cases]
    for key, places in groups.items():
        known, lists = json.loads(key)
        runs = [
            Run.from_dict(
                {
                    f"{place:09}": {str(i): float(s) for i, s in all_cases[place]["lists"][at]}
                    for place in places
                }
            )
            for at in range(lists)
        ]
        norm = known.get("norm")
        parameters = {
            {"rank_constant": "k"}.get(name, name): value
            for name, value in known.items()
            if name != "norm"
        }
        fused = fuse(runs, None if norm == "none" else norm, method, parameters)
        for place in places:
            hits = dict(fused.run[f"{place:09}"])
            out[place] = [(int(one), float(score)) for one, score in hits.items()]
    return out


LIBRARIES = {
    "qdrant-local": (qdrant, "qdrant_client"),
    "qdrant": (edge, "qdrant_edge"),
    "langchain": (langchain, "langchain_classic"),
    "llamaindex": (llamaindex, "llama_index.core"),
    "haystack": (haystack, "haystack"),
    "lancedb": (lancedb, "lancedb"),
    "milvus-lite": (milvus, "milvus_lite"),
    "ranx": (ranx, "ranx"),
}
MISSING = 3
"""Exit status where the library is not there."""


def main() -> int:
    """Fuses what comes."""
    logging.disable()
    fusion = sys.argv[1]
    library = next(name for name in LIBRARIES if fusion.startswith(name))
    method = fusion.removeprefix(library).lstrip("-")
    drive, module = LIBRARIES[library]
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(error, file=sys.stderr)
        return MISSING
    all_cases = [json.loads(line) for line in sys.stdin]
    if library == "ranx":
        results = ranx(all_cases, method)
    else:
        results = [drive(case, method) for case in all_cases]  # type: ignore[operator]
    for hits in results:
        print(json.dumps(hits))
    return 0


if __name__ == "__main__":
    sys.exit(main())
