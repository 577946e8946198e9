"""Makes files of HDF5: pip install h5py==3.16.0; none are held here, tests make their own."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """A benchmark of each distance, and one in compressed blocks with ids."""
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


if __name__ == "__main__":
    run(make, __file__, "h5py")
