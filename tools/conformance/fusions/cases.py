"""Random lists for one fusion: ties, negatives, one hit, none, all equal, with its parameters."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

__all__ = ["FUSIONS", "case", "cases"]

Hit = tuple[int, float]

_IDS = range(1, 31)
_MOST = 15  # hits of a list: ranx sorts longer ones in an order of its own

NORMS = ("min-max", "min-max-inverted", "max", "sum", "zmuv", "rank", "borda", None)


def _weights(pick: random.Random, lists: int) -> list[float]:
    return [round(pick.uniform(0.05, 1), 2) for _ in range(lists)]


def _halves(pick: random.Random) -> list[float]:
    weight = round(pick.uniform(0, 1), 2)
    return [1 - weight, weight]


def _norm(pick: random.Random) -> str:
    return pick.choice(NORMS) or "none"


def _of_qdrant(pick: random.Random, lists: int, weighted: bool) -> dict[str, Any]:
    weights = {"weights": [w * 3 for w in _weights(pick, lists)]} if weighted else {}
    return {"rank_constant": pick.choice([1, 2, 60])} | weights


def _of_langchain(pick: random.Random, lists: int, weighted: bool) -> dict[str, Any]:
    return {"rank_constant": pick.choice([1, 60]), "weights": _weights(pick, lists)}


def _of_llamaindex(pick: random.Random, lists: int, weighted: bool) -> dict[str, Any]:
    weights = {"weights": _weights(pick, lists)} if weighted else {}
    return {"num_queries": pick.choice([1, 4])} | weights


def _of_haystack(pick: random.Random, lists: int, weighted: bool) -> dict[str, Any]:
    return {"weights": _weights(pick, lists)} if weighted else {}


def _of_lancedb_linear(pick: random.Random, lists: int, weighted: bool) -> dict[str, Any]:
    weight, fill = round(pick.uniform(0, 1), 2), pick.choice([0.0, 0.25, 1.0])
    return {"weight": weight, "fill": fill, "normalize": pick.choice(["score", "rank"])}


def _of_milvus(pick: random.Random, lists: int, weighted: bool) -> dict[str, Any]:
    metrics = [pick.choice(["IP", "COSINE", "BM25", "L2"]) for _ in range(lists)]
    weights = _weights(pick, lists)
    return {"weights": weights, "metrics": metrics, "norm_score": pick.random() < 0.5}


Arguments = Callable[[random.Random, int, bool], dict[str, Any]]

_ARGUMENTS: dict[str, Arguments] = {
    "qdrant-local-rrf": _of_qdrant,
    "langchain": _of_langchain,
    "llamaindex-relative": _of_llamaindex,
    "llamaindex-dist": _of_llamaindex,
    "haystack-rrf": _of_haystack,
    "haystack-merge": _of_haystack,
    "lancedb-rrf": lambda pick, _, __: {"rank_constant": pick.choice([1, 60])},
    "lancedb-mrr": lambda pick, _, weighted: {"weights": _halves(pick)} if weighted else {},
    "lancedb-linear": _of_lancedb_linear,
    "milvus-lite-rrf": lambda pick, _, __: {"rank_constant": pick.choice([0.5, 60])},
    "milvus-lite-weighted": _of_milvus,
    "ranx-rrf": lambda pick, _, __: {"rank_constant": pick.choice([1, 60])},
    "ranx-isr": lambda _, __, ___: {},
    "ranx-wsum": lambda pick, lists, _: {
        "norm": _norm(pick),
        "weights": [0.25, 0.6, 0.15][:lists],
    },
    "ranx-gmnz": lambda pick, _, __: {"norm": _norm(pick), "gamma": pick.choice([0.5, 2.0])},
}


def _arguments(fusion: str, lists: int, pick: random.Random) -> dict[str, Any]:
    weighted = pick.random() < 0.5
    if fusion in _ARGUMENTS:
        return _ARGUMENTS[fusion](pick, lists, weighted)
    return {"norm": _norm(pick)} if fusion.startswith("ranx-") else {}


def _scores(count: int, pick: random.Random) -> list[float]:
    kind = pick.randrange(6)
    if kind == 0:
        return [round(pick.uniform(-2, 2), 1) for _ in range(count)]  # ties
    if kind == 1:
        return [pick.choice([0.0, 0.5, 2.0, -1.5])] * count  # all equal
    if kind == 2:
        return [pick.uniform(-3, -0.1) for _ in range(count)]
    if kind == 3:
        return [pick.uniform(0, 1e-4) for _ in range(count)]
    if kind == 4:
        return [pick.lognormvariate(1, 1) for _ in range(count)]
    return [pick.uniform(0, 1) for _ in range(count)]


def _lower(fusion: str, place: int, arguments: dict[str, Any]) -> bool:
    if fusion == "lancedb-linear":
        return place == 1
    return arguments.get("metrics", [""] * (place + 1))[place] == "L2"


def _queries(fusion: str, pick: random.Random) -> dict[str, Any]:
    """Queries of an engine that makes its lists itself, as many as there are lists."""
    lists = pick.choice([1, 2, 2, 3])
    return {
        "queries": [[pick.gauss(0, 1) for _ in range(4)] for _ in range(lists)],
        "limits": [pick.choice([1, 2, 5, 10, 20]) for _ in range(lists)],
        "arguments": _of_qdrant(pick, lists, weighted=True) if fusion.endswith("rrf") else {},
    }


def case(fusion: str, pick: random.Random) -> dict[str, Any]:
    """Lists in rank order, and what `fuse` is to be called with."""
    if fusion in ("qdrant-rrf", "qdrant-dbsf"):
        return _queries(fusion, pick)
    two = fusion.startswith("lancedb")
    few = 1 if fusion.startswith("ranx") else 0
    lists = 2 if two else pick.choice([2, 2, 3] if few else [1, 2, 2, 3])
    arguments = _arguments(fusion, lists, pick)
    out: list[list[Hit]] = []
    for place in range(lists):
        size = pick.choice([few, 1, 2, 3, 5, 8, _MOST])
        ids = pick.sample(_IDS, size)
        numbers = _scores(size, pick)
        if arguments.get("normalize") == "rank":
            # numpy's sort, which ranks there, has an order of its own for equal scores.
            numbers = pick.sample(range(1000), size)
        scores = sorted(map(float, numbers), reverse=not _lower(fusion, place, arguments))
        out.append(list(zip(ids, scores, strict=True)))
    return {"lists": out, "arguments": arguments}


def cases(fusion: str, count: int, seed: int) -> list[dict[str, Any]]:
    """So many of them; the same for the same seed."""
    pick = random.Random(f"{fusion} {seed}")
    return [case(fusion, pick) for _ in range(count)]


FUSIONS = (
    "qdrant-rrf",
    "qdrant-dbsf",
    "qdrant-local-rrf",
    "qdrant-local-dbsf",
    "langchain",
    "llamaindex-reciprocal",
    "llamaindex-relative",
    "llamaindex-dist",
    "llamaindex-simple",
    "haystack-rrf",
    "haystack-dbsf",
    "haystack-merge",
    "haystack-concatenate",
    "lancedb-rrf",
    "lancedb-linear",
    "lancedb-mrr",
    "milvus-lite-rrf",
    "milvus-lite-weighted",
    "ranx-rrf",
    "ranx-isr",
    "ranx-sum",
    "ranx-wsum",
    "ranx-max",
    "ranx-min",
    "ranx-med",
    "ranx-anz",
    "ranx-mnz",
    "ranx-gmnz",
)
"""Those whose libraries pip has."""
