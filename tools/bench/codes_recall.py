"""Recall and time of searches by codes and by vectors, on data that small numbers tell apart badly.

    python -m tools.bench codes [--records 3000] [--queries 200] [--metrics l2,ip] [--only knots]

A line for each kind of data and metric: recall@10 with ef 10, 20 and 100, without codes and with
each kind of them, in one graph each; processor time of a query with ef=100 in microseconds, and of
linking a vector. A hit counts when it is as near as the true tenth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import vdb

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
from support.hard_vectors import HARD, between

EF = (10, 20, 100)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench codes", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--records", type=int, default=3_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--metrics", default="l2,ip,cosine")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    kinds = {"ordinary": lambda random, n: random.normal(size=(n, 64)), **HARD}
    for kind, make in kinds.items():
        if options.only not in kind:
            continue
        random = np.random.default_rng(1)
        vectors = make(random, options.records).astype(np.float32)
        queries = between(vectors, options.queries, random)
        for metric in options.metrics.split(","):
            with tempfile.TemporaryDirectory() as place, vdb.open(Path(place) / "x") as db:
                parts = [measured(db, metric, codes, vectors, queries) for codes in CODES]
            print(f"{kind:16} {metric:7}", *parts, sep=" | ", flush=True)


CODES = (None, "int8", "int4")


def measured(db: vdb.Database, metric: str, codes: str | None, vectors: Any, queries: Any) -> str:
    """What one collection shows."""
    docs = db.create_collection(
        f"x-{codes}", dim=vectors.shape[1], metric=metric, index=vdb.HNSW(codes=codes)
    )
    began = time.process_time()
    docs.add(range(len(vectors)), vectors, threads=1)
    linking = (time.process_time() - began) / len(vectors)
    true = docs.search_many(queries, 10, exact=True)
    sign = -1 if metric == "l2" else 1
    shares, seconds = [], 0.0
    for ef in EF:
        began = time.process_time()
        hits = docs.search_many(queries, 10, ef=ef, threads=1)
        seconds = time.process_time() - began
        right = [
            np.mean(sign * near.values >= sign * exact.values[-1])
            for near, exact in zip(hits, true, strict=True)
        ]
        shares.append(f"{np.mean(right):.3f}")
    times = f"{1e6 * seconds / len(queries):3.0f} {1e6 * linking:3.0f} us"
    return f"{codes or 'vectors'}: {' '.join(shares)} {times}"


if __name__ == "__main__":
    main()
