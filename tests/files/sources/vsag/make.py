"""Makes the files beside it: pip install pyvsag==0.18.5, then run it in the root of the tree.

VSAG writes all places that it has reserved, a hundred megabytes and more of zeros. A small file is
held here as its parts that are not zero, in an archive of numpy: bytes by their offsets, and its
size.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyvsag

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run
from sources.records import DIM

BLOCK = 1 << 12


def packed(index, target):
    """The parts of the file of an index that are not zero."""
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
    read = names if len(names) < 12 else names[:8] + names[-2:]
    np.savez_compressed(target, **{name: parts[name] for name in read})


def make(folder, records):
    """An index of each metric by brute force, and one with a graph."""
    rows, ids = records.vectors(), records.numbers()

    def saved(name, kind, metric, parameters, stored="fp32"):
        about = {"base_quantization_type": stored} | parameters
        text = {"dtype": "float32", "metric_type": metric, "dim": DIM, "index_param": about}
        index = pyvsag.Index(kind, json.dumps(text))
        index.build(vectors=rows, ids=ids, num_elements=len(ids), dim=DIM)
        if records.small:
            packed(index, folder / f"{name}.npz")
        else:
            index.save(str(folder / name))
        return Given(name, ids, rows, metric)

    for metric in ("l2", "ip", "cosine"):
        yield saved(f"brute-{metric}", "brute_force", metric, {})
    yield saved("hgraph-ip", "hgraph", "ip", {"max_degree": 8, "ef_construction": 40})
    saved("brute-sq8", "brute_force", "l2", {}, "sq8")  # is refused


if __name__ == "__main__":
    run(make, __file__, "pyvsag")
