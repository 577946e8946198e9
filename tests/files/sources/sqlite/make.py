"""Makes files of SQLite with vectors as BLOBs; sqlite3 is Python's own, and none are held here."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

KEYS = ("i", "title", "score", "even")


def make(folder, records):
    """A file of a table for each type of number."""
    place = folder / "blobs.db"
    place.unlink(missing_ok=True)
    rows, names, payloads = records.vectors(), records.names(), []
    for given in records.payloads():
        payload = given or dict.fromkeys(KEYS)
        payloads.append(payload | {"even": given and int(given["even"])})
    with closing(sqlite3.connect(place)) as database, database:
        for numbers, vectors in (
            ("float32", rows),
            ("float64", rows.astype(np.float64)),
            ("float16", rows.astype(np.float16)),
            ("int8", (rows * 32).astype(np.int8)),
            ("bit", records.bits()),
        ):
            database.execute(
                f"CREATE TABLE t_{numbers} (name TEXT PRIMARY KEY, embedding BLOB, i INTEGER, "
                "title TEXT, score REAL, even INTEGER)"
            )
            rows_given = zip(names, vectors, payloads, strict=True)
            database.executemany(
                f"INSERT INTO t_{numbers} VALUES (?, ?, ?, ?, ?, ?)",
                [(name, row.tobytes(), *payload.values()) for name, row, payload in rows_given],
            )
            database.execute(f"DELETE FROM t_{numbers} WHERE name = ?", [names[1]])
            options = {"table": f"t_{numbers}", "numbers": numbers}
            asked = "hamming" if numbers == "bit" else "l2"
            one = Given(place.name, names, vectors, None, payloads, None, asked, options)
            yield without(one, [1])


if __name__ == "__main__":
    run(make, __file__)
