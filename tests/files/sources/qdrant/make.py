"""Makes the files beside it: pip install qdrant-client==1.20.0; run it in the root of the tree."""

from __future__ import annotations

import sys
import tempfile
import uuid
import zipfile
from pathlib import Path

from qdrant_client import QdrantClient, models

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, numbers, payloads, vectors  # noqa: E402

rows, ids = vectors(), numbers().tolist()
ids[:3] = [0, 2**62, ids[2]]


def point(place, *, vector=None, key=None):
    return models.PointStruct(
        id=ids[place] if key is None else key,
        vector=rows[place].tolist() if vector is None else vector,
        payload=payloads()[place],
    )


with tempfile.TemporaryDirectory() as directory:
    client = QdrantClient(path=directory)
    for distance in ("Cosine", "Euclid", "Dot", "Manhattan"):
        client.create_collection(
            distance,
            vectors_config=models.VectorParams(
                size=DIM,
                distance=models.Distance(distance),
                hnsw_config=models.HnswConfigDiff(m=8, ef_construct=40)
                if distance == "Dot"
                else None,
            ),
        )
        client.upsert(distance, [point(place) for place in range(COUNT)])
        client.delete(distance, points_selector=[ids[1], ids[30]])
        client.upsert(distance, [point(2, vector=(rows[2] * 2).tolist())])
        client.set_payload(distance, {"new": [1, {"a": None}]}, points=[ids[3]])
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
            point(0, vector=both, key=str(uuid.UUID(int=7))),
            point(1, vector={"two": [3, 4]}, key=8),
        ],
    )
    client.create_collection(
        "sparse",
        vectors_config={},
        sparse_vectors_config={"sparse": models.SparseVectorParams()},
    )
    client.update_collection_aliases(
        [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name="Dot", alias_name="other")
            )
        ]
    )
    client.close()
    with zipfile.ZipFile(HERE / "qdrant.zip", "w", zipfile.ZIP_LZMA) as archive:
        for path in sorted(Path(directory).rglob("*")):
            if path.is_file() and path.name != ".lock":
                archive.write(path, path.relative_to(directory))
