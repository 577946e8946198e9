"""Makes the files beside it: pip install ngt==2.8.0.post1, then run it in the root of the tree."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import ngtpy

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import bits, vectors  # noqa: E402

DIM = 10


def made(name, distance, kind, rows, changes=()):
    """An index without its tree and with an empty graph, which are not read here."""
    place = HERE / name
    shutil.rmtree(place, ignore_errors=True)
    ngtpy.create(str(place), DIM, distance_type=distance, object_type=kind)
    index = ngtpy.Index(str(place))
    index.batch_insert(rows, num_threads=1)
    for change in changes:
        change(index)
    index.save()
    index.close()
    (place / "grp").write_bytes(b"")
    for other in ("tre", "robj"):
        (place / other).unlink()


rows = vectors(dim=DIM)
for distance in ("L2", "L1", "Cosine", "Angle", "Normalized Cosine", "Normalized Angle",
                 "Normalized L2", "Inner Product", "Jaccard"):  # fmt: skip
    made(distance.replace(" ", "-").lower(), distance, "Float", rows)
made("float16", "L2", "Float16", rows)
made("bytes", "L2", "Byte", bits(dim=8 * DIM))
made("bytes-cosine", "Cosine", "Byte", bits(dim=8 * DIM))
made("hamming", "Hamming", "Byte", bits(dim=8 * DIM))
made("jaccard-bytes", "Jaccard", "Byte", bits(dim=8 * DIM))
made(
    "changed",
    "L2",
    "Float",
    rows,
    [
        lambda index: index.remove(3),
        lambda index: index.remove(39),
        lambda index: index.remove(7),
        lambda index: index.remove(8),
        lambda index: index.insert(rows[0] + 1),
    ],
)
with_zero = rows.copy()
with_zero[2] = 0
made("zero", "Normalized Cosine", "Float", with_zero)
