"""Makes the files beside it: pip install pyvsag==0.18.5, then run it in the root of the tree.

VSAG writes all places that it has reserved, a hundred megabytes and more of zeros. A file is held
here as its parts that are not zero, in an archive of numpy: bytes by their offsets, and its size.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyvsag

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, numbers, vectors  # noqa: E402

BLOCK = 1 << 12


def save(name, kind, metric, parameters, numbers_as="fp32"):
    about = {"base_quantization_type": numbers_as} | parameters
    text = {"dtype": "float32", "metric_type": metric, "dim": DIM, "index_param": about}
    index = pyvsag.Index(kind, json.dumps(text))
    index.build(vectors=vectors(), ids=numbers(), num_elements=COUNT, dim=DIM)
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / "index"
        index.save(str(place))
        whole = np.memmap(place, np.uint8, "r")
        parts = {"size": np.array([len(whole)])}
        for start in range(0, len(whole), BLOCK):
            block = whole[start : start + BLOCK]
            if block.any():
                parts[str(start)] = np.array(block)
    # Of the graph, which is not read, most blocks are left out.
    names = list(parts)
    kept = names if len(names) < 12 else names[:8] + names[-2:]
    np.savez_compressed(HERE / f"{name}.npz", **{one: parts[one] for one in kept})
    print(name, len(names))


for metric in ("l2", "ip", "cosine"):
    save(f"brute-{metric}", "brute_force", metric, {})
save("hgraph-ip", "hgraph", "ip", {"max_degree": 8, "ef_construction": 40})
save("brute-sq8", "brute_force", "l2", {}, "sq8")
