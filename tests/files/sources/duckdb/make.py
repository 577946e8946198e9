"""Makes files of DuckDB: pip install duckdb==2.0.1; none are held here, being large."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

KEYS = ("i", "title", "score", "even")


def make(folder, records):
    """A file of two tables: arrays of a length, and lists."""
    place = folder / "docs.duckdb"
    place.unlink(missing_ok=True)
    rows, payloads = records.vectors(), records.payloads()
    columns = "i INTEGER, title VARCHAR, score DOUBLE, even BOOLEAN, tags VARCHAR[]"
    with duckdb.connect(str(place)) as database:
        for name, kind, key, ids, vectors in (
            ("docs", "FLOAT[16]", "VARCHAR", records.names(), rows),
            ("lists", "DOUBLE[]", "BIGINT", records.numbers().tolist(), rows.astype(np.float64)),
        ):
            database.execute(
                f"CREATE TABLE {name} (id {key} PRIMARY KEY, embedding {kind}, {columns})"
            )
            given = []
            database.execute("BEGIN")
            for row, record_id in enumerate(ids):
                payload = payloads[row] or dict.fromkeys(KEYS)
                payload = payload | {"tags": ["a", str(row)]}
                values = [record_id, vectors[row].tolist(), *payload.values()]
                database.execute(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?, ?)", values)
                given.append(payload)
            database.execute("COMMIT")
            database.execute(f"DELETE FROM {name} WHERE id IN (?, ?)", [ids[1], ids[30]])
            database.execute(f"UPDATE {name} SET i = 777 WHERE id = ?", [ids[2]])
            given[2]["i"] = 777
            one = Given(place.name, ids, vectors, None, given, None, "l2", {"table": name})
            yield without(one, [1, 30])


if __name__ == "__main__":
    run(make, __file__, "duckdb")
