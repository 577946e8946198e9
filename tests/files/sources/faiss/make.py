"""Makes the files beside it: pip install faiss-cpu==1.15.1, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import faiss
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run
from sources.records import DIM

L2, IP, L1 = faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L1
EXACT = ("sq-fp16", "sq-bf16", "sq-8bit_direct", "sq-8bit_direct_signed")


def saved(folder, name, index, rows, ids=None, metric="l2", training=None):
    """The index of these rows, in a file; with codes, also what the library decodes of them."""
    if not index.is_trained:
        index.train(rows if training is None else training)
    if ids is not None:
        index.add_with_ids(rows, ids)
    else:
        index.add(rows)
    faiss.write_index(index, str(folder / f"{name}.faiss"))
    coded = "sq" in name or "pq" in name
    if coded:
        if "ivf" in name:
            inner = faiss.downcast_index(index.index) if hasattr(index, "index") else index
            inner.make_direct_map()
        rows = index.reconstruct_n(0, len(rows))
        np.save(folder / f"{name}.npy", rows)
    decoded = (coded and name not in EXACT) or name.startswith(("refine", "turned"))
    if ids is None:
        ids = range(len(rows))
    return Given(f"{name}.faiss", ids, rows, metric, decoded=decoded and name != "refine")


def make(folder, records):
    """An index of each kind."""
    faiss.omp_set_num_threads(1)
    rows, ids = records.vectors(), records.numbers()
    for name, index, known, metric in (
        ("flat-l2", faiss.IndexFlatL2(DIM), None, "l2"),
        ("flat-ip", faiss.IndexFlatIP(DIM), None, "ip"),
        ("flat-l1", faiss.IndexFlat(DIM, L1), None, "l1"),
        ("hnsw-flat", faiss.IndexHNSWFlat(DIM, 8, L2), None, "l2"),
        ("hnsw-flat-ip", faiss.IndexHNSWFlat(DIM, 8, IP), None, "ip"),
        ("idmap", faiss.IndexIDMap(faiss.IndexFlatL2(DIM)), ids, "l2"),
        ("idmap2-hnsw", faiss.IndexIDMap2(faiss.IndexHNSWFlat(DIM, 8, L2)), ids, "l2"),
        ("ivf-flat", faiss.index_factory(DIM, "IVF3,Flat", L2), ids, "l2"),
        ("ivf-flat-ip", faiss.index_factory(DIM, "IVF3,Flat", IP), None, "ip"),
        ("ivf-sparse", faiss.index_factory(DIM, "IVF30,Flat", L2), ids, "l2"),
        ("idmap-ivf", faiss.IndexIDMap(faiss.index_factory(DIM, "IVF3,Flat", L2)), ids, "l2"),
    ):
        yield saved(folder, name, index, rows, known, metric)
    for name in ("8bit", "4bit", "8bit_uniform", "4bit_uniform", "fp16", "8bit_direct", "6bit",
                 "bf16", "8bit_direct_signed"):  # fmt: skip
        kind = getattr(faiss.ScalarQuantizer, f"QT_{name}")
        yield saved(folder, f"sq-{name}", faiss.IndexScalarQuantizer(DIM, kind, L2), rows)
    for name, kind in (
        ("ivf-sq8", "IVF3,SQ8"),
        ("ivf-pq", "IVF3,PQ4x4np"),
        ("pq", "PQ4x4"),
        ("hnsw-sq8", "HNSW8,SQ8"),
        ("refine", "SQ4,RFlat"),
        ("refine-ivf", "IVF3,PQ4x4np,RFlat"),
    ):
        yield saved(folder, name, faiss.index_factory(DIM, kind, L2), rows)
    yield saved(folder, "pq8", faiss.IndexPQ(DIM, 2, 5, L2), rows)
    for name, kind in (  # which are refused
        ("pretransform", "PCA8,Flat"),
        ("pretransform-whitening", "PCAW16,Flat"),
        ("pretransform-normalized", "L2norm,Flat"),
    ):
        saved(folder, name, faiss.index_factory(DIM, kind, L2), rows)
    yield from transformed(folder, records)
    packed = records.bits()
    mapped = faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(64))
    for name, index in {
        "binary-flat": faiss.IndexBinaryFlat(64),
        "binary-hnsw": faiss.IndexBinaryHNSW(64, 8),
        "binary-ivf": faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(64), 64, 3),
        "binary-idmap": mapped,
    }.items():
        if not index.is_trained:
            index.train(packed)
        if index is mapped:
            index.add_with_ids(packed, ids)
        else:
            index.add(packed)
        faiss.write_index_binary(index, str(folder / f"{name}.faiss"))
        known = ids if index is mapped else range(len(packed))
        yield Given(f"{name}.faiss", known, packed, "hamming")


def transformed(folder, records):
    """Indexes behind rotations, and codes that are packed for fast scans."""
    rows, ids = records.vectors(), records.numbers()
    many = records.vectors(300)  # which OPQ needs
    for name, kind, number, known in (
        ("turned", "RR24,Flat", IP, None),
        ("turned-pad", "Pad20,HNSW8,Flat", L2, None),
        ("turned-pca", "PCAR16,IVF3,Flat", L2, ids),
        ("turned-pca-ip", "PCA16,Flat", IP, None),
        ("turned-ivf-pq", "OPQ4,IVF3,PQ4x4np", L2, None),
        ("fast-pq", "PQ4x4fs", L2, None),
        ("fast-ivf-pq", "IVF3,PQ4x4fs", L2, None),
        ("turned-fast-pq", "OPQ4,PQ4x4fs", L2, None),
    ):
        index = faiss.index_factory(DIM, kind, number)
        training = many if kind.startswith("OPQ") else rows
        yield saved(folder, name, index, rows, known, "ip" if number == IP else "l2", training)


if __name__ == "__main__":
    run(make, __file__, "faiss-cpu")
