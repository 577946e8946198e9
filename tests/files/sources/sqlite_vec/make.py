"""Makes the file beside it: pip install sqlite-vec==0.1.9 apsw; run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import apsw
import sqlite_vec

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without


def docs(database, records):
    """A table with columns of all kinds; some rows are deleted, one is changed."""
    rows, names, payloads = records.vectors(), records.names(), []
    database.execute(
        "CREATE VIRTUAL TABLE docs USING vec0(name text primary key, kind text partition key, "
        "embedding float[16] distance_metric=cosine, i integer, score float, even boolean, "
        "title text, +note text, +raw blob, chunk_size=8)"
    )
    for row, name in enumerate(names):
        payload = {
            "kind": f"kind {row % 2}",
            "i": row,
            "score": row / 4,
            "even": row % 2 == 0,
            "title": "ü" * (row % 100),
            "note": f"note {row}" if row else None,
        }
        database.execute(
            "INSERT INTO docs(name, kind, i, score, even, title, note, embedding, raw) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (name, *payload.values(), rows[row].tobytes(), b"\0\1"),
        )
        payloads.append(payload | {"raw": "AAE="})
    database.execute("DELETE FROM docs WHERE name IN (?, ?)", (names[1], names[30]))
    rows[2] *= 2
    payloads[2]["i"] = 777
    database.execute(
        "UPDATE docs SET i = 777, embedding = ? WHERE name = ?", (rows[2].tobytes(), names[2])
    )
    given = Given("vec0.db", names, rows, "cosine", payloads, None, options={"table": "docs"})
    return without(given, [1, 30])


def plain(database, records, metric):
    """A table of vectors alone, with rowids."""
    rows, ids = records.vectors(), records.numbers().tolist()
    database.execute(
        f"CREATE VIRTUAL TABLE plain_{metric} USING vec0(v float[16] distance_metric={metric}, "
        "chunk_size=8)"
    )
    for key, row in zip(ids, rows, strict=True):
        database.execute(
            f"INSERT INTO plain_{metric}(rowid, v) VALUES (?, ?)", (key, row.tobytes())
        )
    return Given("vec0.db", ids, rows, metric, options={"table": f"plain_{metric}"})


def small(database, records):
    """A table of bits and one of int8."""
    count = min(10, records.count)
    packed, codes = records.bits(count, 16), (records.vectors(count) * 32).astype("i1")
    database.execute(
        "CREATE VIRTUAL TABLE small USING vec0(key integer primary key, b bit[16], i int8[16], "
        "chunk_size=8)"
    )
    for row in range(count):
        database.execute(
            "INSERT INTO small(key, b, i) VALUES (?, vec_bit(?), vec_int8(?))",
            (row - 3, packed[row].tobytes(), codes[row].tobytes()),
        )
    for column, rows, metric in (("b", packed, "hamming"), ("i", codes, "l2")):
        options = {"table": "small", "column": column}
        yield Given("vec0.db", range(-3, count - 3), rows, metric, options=options)


def make(folder, records):
    """One file of several tables."""
    target = folder / "vec0.db"
    target.unlink(missing_ok=True)
    database = apsw.Connection(str(target))
    database.enable_load_extension(True)
    database.load_extension(sqlite_vec.loadable_path())
    database.execute("PRAGMA page_size = 512" if records.small else "PRAGMA synchronous = OFF")
    with database:
        given = [docs(database, records)]
        given += [plain(database, records, metric) for metric in ("l2", "l1")]
        given += small(database, records)
    database.execute("VACUUM")
    database.close()
    yield from given


if __name__ == "__main__":
    run(make, __file__, "sqlite-vec", "apsw")
