"""Makes the files beside it: pip install qdrant-client==1.20.0; run it in the root of the tree."""

from __future__ import annotations

import shutil
import sys
import uuid
from pathlib import Path

import numpy as np
from qdrant_client import QdrantClient, models

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, pack, run, without
from sources.records import DIM

METRICS = {"Cosine": "cosine", "Euclid": "l2", "Dot": "ip", "Manhattan": "l1"}


def named(client, rows):
    """A collection with vectors of names, of which points may lack some."""
    client.create_collection(
        "named",
        vectors_config={
            "one": models.VectorParams(size=DIM, distance=models.Distance.DOT),
            "two": models.VectorParams(
                size=2,
                distance=models.Distance.EUCLID,
                hnsw_config=models.HnswConfigDiff(m=6),
            ),
            "many": models.VectorParams(
                size=2,
                distance=models.Distance.EUCLID,
                multivector_config=models.MultiVectorConfig(
                    comparator=models.MultiVectorComparator.MAX_SIM
                ),
            ),
        },
        sparse_vectors_config={"sparse": models.SparseVectorParams()},
    )
    sparse = models.SparseVector(indices=[1], values=[0.5])
    both = {"one": rows[0].tolist(), "two": [1, 2], "sparse": sparse, "many": [[1, 2], [3, 4]]}
    client.upsert(
        "named",
        [
            models.PointStruct(id=str(uuid.UUID(int=7)), vector=both, payload={"i": 0}),
            models.PointStruct(id=8, vector={"two": [3, 4]}, payload={"i": 1}),
        ],
    )
    client.create_collection(
        "sparse",
        vectors_config={},
        sparse_vectors_config={"sparse": models.SparseVectorParams()},
    )


def make(folder, records):
    """A directory of one collection a distance, and one of several vectors a point."""
    rows, ids, payloads = records.vectors(), records.numbers().tolist(), records.payloads()
    ids[:2] = [0, 2**62]

    def point(row, factor=1):
        vector = (rows[row] * factor).tolist()
        return models.PointStruct(id=ids[row], vector=vector, payload=payloads[row])

    place = folder / "qdrant"
    shutil.rmtree(place, ignore_errors=True)
    client = QdrantClient(path=str(place))
    for distance in METRICS:
        graph = models.HnswConfigDiff(m=8, ef_construct=40) if distance == "Dot" else None
        config = models.VectorParams(
            size=DIM, distance=models.Distance(distance), hnsw_config=graph
        )
        client.create_collection(distance, vectors_config=config)
        client.upsert(distance, [point(row) for row in range(records.count)])
        client.delete(distance, points_selector=[ids[1], ids[30]])
        client.upsert(distance, [point(2, 2)])
        client.set_payload(distance, {"new": [1, {"a": None}]}, points=[ids[3]])
    named(client, rows)
    alias = models.CreateAlias(collection_name="Dot", alias_name="other")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
    client.close()
    if records.small:
        pack(place, folder / "qdrant.zip", leave_out=[".lock"])
        shutil.rmtree(place)
    vectors = rows.copy()
    vectors[2] *= 2
    payloads[3] = payloads[3] | {"new": [1, {"a": None}]}
    for distance, metric in METRICS.items():
        given = Given("qdrant", ids, vectors, metric, payloads, deleted=None)
        given.options = {"collection": distance}
        if distance == "Cosine":  # a change of the payload brings the vector to unit length
            given.vectors, given.decoded = vectors.copy(), True
            given.vectors[3] /= np.linalg.norm(vectors[3])
        yield without(given, [1, 30])


if __name__ == "__main__":
    run(make, __file__, "qdrant-client")
