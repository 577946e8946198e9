"""Makes the files beside it: pip install faiss-cpu==1.15.1, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import faiss
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, bits, numbers, vectors  # noqa: E402

rows, ids = vectors(), numbers()
faiss.omp_set_num_threads(1)


def save(name, index, *, with_ids=False, training=rows):
    if not index.is_trained:
        index.train(training)
    if with_ids:
        index.add_with_ids(rows, ids)
    else:
        index.add(rows)
    faiss.write_index(index, str(HERE / f"{name}.faiss"))
    if "sq" in name or "pq" in name:  # what the library itself decodes
        inner = faiss.downcast_index(index.index) if hasattr(index, "index") else index
        if "ivf" in name:
            inner.make_direct_map()
        np.save(HERE / f"{name}.npy", index.reconstruct_n(0, COUNT))


L2, IP, L1 = faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L1
save("flat-l2", faiss.IndexFlatL2(DIM))
save("flat-ip", faiss.IndexFlatIP(DIM))
save("flat-l1", faiss.IndexFlat(DIM, L1))
save("hnsw-flat", faiss.IndexHNSWFlat(DIM, 8, L2))
save("hnsw-flat-ip", faiss.IndexHNSWFlat(DIM, 8, IP))
save("idmap", faiss.IndexIDMap(faiss.IndexFlatL2(DIM)), with_ids=True)
save("idmap2-hnsw", faiss.IndexIDMap2(faiss.IndexHNSWFlat(DIM, 8, L2)), with_ids=True)
save("ivf-flat", faiss.index_factory(DIM, "IVF3,Flat", L2), with_ids=True)
save("ivf-flat-ip", faiss.index_factory(DIM, "IVF3,Flat", IP))
save("ivf-sparse", faiss.index_factory(DIM, "IVF30,Flat", L2), with_ids=True)
save("idmap-ivf", faiss.IndexIDMap(faiss.index_factory(DIM, "IVF3,Flat", L2)), with_ids=True)
for name in ("8bit", "4bit", "8bit_uniform", "4bit_uniform", "fp16", "8bit_direct", "6bit", "bf16",
             "8bit_direct_signed"):  # fmt: skip
    kind = getattr(faiss.ScalarQuantizer, f"QT_{name}")
    save(f"sq-{name}", faiss.IndexScalarQuantizer(DIM, kind, L2))
save("ivf-sq8", faiss.index_factory(DIM, "IVF3,SQ8", L2))
save("ivf-pq", faiss.index_factory(DIM, "IVF3,PQ4x4np", L2))
save("pq", faiss.index_factory(DIM, "PQ4x4", L2))
save("pq8", faiss.IndexPQ(DIM, 2, 5, L2))
save("hnsw-sq8", faiss.index_factory(DIM, "HNSW8,SQ8", L2))
save("refine", faiss.index_factory(DIM, "SQ4,RFlat", L2))
save("refine-ivf", faiss.index_factory(DIM, "IVF3,PQ4x4np,RFlat", L2))
save("pretransform", faiss.index_factory(DIM, "PCA8,Flat", L2))
save("pretransform-whitening", faiss.index_factory(DIM, "PCAW16,Flat", L2))
save("pretransform-normalized", faiss.index_factory(DIM, "L2norm,Flat", L2))
save("turned", faiss.index_factory(DIM, "RR24,Flat", IP))
save("turned-pad", faiss.index_factory(DIM, "Pad20,HNSW8,Flat", L2))
save("turned-pca", faiss.index_factory(DIM, "PCAR16,IVF3,Flat", L2), with_ids=True)
save("turned-pca-ip", faiss.index_factory(DIM, "PCA16,Flat", IP))
save("turned-ivf-pq", faiss.index_factory(DIM, "OPQ4,IVF3,PQ4x4np", L2), training=vectors(300))
save("fast-pq", faiss.index_factory(DIM, "PQ4x4fs", L2))
save("fast-ivf-pq", faiss.index_factory(DIM, "IVF3,PQ4x4fs", L2))
save("turned-fast-pq", faiss.index_factory(DIM, "OPQ4,PQ4x4fs", L2), training=vectors(300))

packed = bits()
for name, index in {
    "binary-flat": faiss.IndexBinaryFlat(64),
    "binary-hnsw": faiss.IndexBinaryHNSW(64, 8),
    "binary-ivf": faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(64), 64, 3),
}.items():
    if not index.is_trained:
        index.train(packed)
    index.add(packed)
    faiss.write_index_binary(index, str(HERE / f"{name}.faiss"))
mapped = faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(64))
mapped.add_with_ids(packed, ids)
faiss.write_index_binary(mapped, str(HERE / "binary-idmap.faiss"))
assert len(rows) == COUNT
