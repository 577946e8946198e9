"""Makes files of HDF5: pip install h5py==3.16.0; none are held here, tests make their own."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """A benchmark of each distance, and matrices in every way that HDF5 stores them, with ids."""
    rows, packed = records.vectors(), records.bits()
    for distance, metric in (("angular", "cosine"), ("euclidean", "l2"), ("ip", "ip")):
        with h5py.File(folder / f"{distance}.hdf5", "w") as file:
            file.attrs["distance"] = distance
            file.create_dataset("train", data=rows)
            file.create_dataset("test", data=rows[:3])
        yield Given(f"{distance}.hdf5", range(len(rows)), rows, metric)
    with h5py.File(folder / "hamming.hdf5", "w") as file:
        file.attrs.update({"distance": "hamming", "point_type": "bit"})
        file.create_dataset("train", data=np.unpackbits(packed, axis=1).astype(bool))
    yield Given("hamming.hdf5", range(len(packed)), packed, "hamming")
    half = rows.astype(np.float16)
    with h5py.File(folder / "blocks.h5", "w") as file:
        file.create_dataset("rows", data=half, chunks=(7, 5), compression="gzip", shuffle=True)
        file.create_dataset("ids", data=records.numbers())
    options = {"vectors": "rows", "ids": "ids"}
    yield Given("blocks.h5", records.numbers(), half, asked="l2", options=options)
    options = {"vectors": "deep/rows", "ids": "names"}
    for name, libver, most in (
        ("names.h5", "earliest", (None, None)),
        ("fixed.h5", "latest", rows.shape),
        ("extensible.h5", "latest", (None, rows.shape[1])),
        ("tree.h5", "latest", (None, None)),
    ):
        with h5py.File(folder / name, "w", libver=libver) as file:
            # So many attributes and links are kept in heaps and trees in the newer layouts.
            file.attrs.update({f"attribute {number}": f"text {number}" for number in range(12)})
            file.attrs["distance"] = "euclidean"
            for number in range(12):
                file.create_group(f"groups/{number}").attrs["note"] = "a text"
            file.create_dataset("names", data=records.names())
            blocks = {"chunks": (7, 5), "compression": "lzf", "fletcher32": True}
            file.create_dataset("deep/rows", data=rows, maxshape=most, **blocks)
        yield Given(name, records.names(), rows, asked="l2", options=options)


if __name__ == "__main__":
    run(make, __file__, "h5py")
