"""Makes files of numpy; none are held here, tests make their own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """An array of each type and order, an archive, and an array with lines of records."""
    rows, count = records.vectors(), range(records.count)
    for name, vectors in (
        ("single", rows),
        ("half", rows.astype(np.float16)),
        ("double", rows.astype(np.float64)),
        ("bytes", (rows * 60).astype(np.int8)),
    ):
        np.save(folder / f"{name}.npy", vectors)
        yield Given(f"{name}.npy", count, vectors, asked="l2")
    np.save(folder / "columns.npy", np.asfortranarray(rows))
    yield Given("columns.npy", count, rows, asked="ip")
    np.save(folder / "swapped.npy", rows.astype(">f4"))
    yield Given("swapped.npy", count, rows, asked="ip")
    np.save(folder / "bits.npy", records.bits())
    options = {"numbers": "bit"}
    yield Given("bits.npy", count, records.bits(), asked="hamming", options=options)
    for name, save in (("plain", np.savez), ("packed", np.savez_compressed)):
        save(folder / f"{name}.npz", rows=rows, ids=records.numbers())
        options = {"array": "rows", "ids": "ids"}
        yield Given(f"{name}.npz", records.numbers(), rows, asked="l2", options=options)
    lines = [
        json.dumps({"id": name} | (payload or {}))
        for name, payload in zip(records.names(), records.payloads(), strict=True)
    ]
    (folder / "records.jsonl").write_text("\n".join(lines), encoding="utf-8")
    options = {"records": "path:records.jsonl"}
    payloads = records.payloads()
    yield Given("single.npy", records.names(), rows, None, payloads, 0, "l2", options)


if __name__ == "__main__":
    run(make, __file__, "numpy")
