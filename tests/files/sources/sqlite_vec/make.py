"""Makes the file beside it: pip install sqlite-vec==0.1.9 apsw; run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import apsw
import sqlite_vec

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import bits, names, numbers, vectors  # noqa: E402

target = HERE / "vec0.db"
target.unlink(missing_ok=True)
database = apsw.Connection(str(target))
database.enable_load_extension(True)
database.load_extension(sqlite_vec.loadable_path())
database.execute("PRAGMA page_size = 512")
rows, packed = vectors(), bits(dim=16)
database.execute(
    "CREATE VIRTUAL TABLE docs USING vec0(name text primary key, kind text partition key, "
    "embedding float[16] distance_metric=cosine, i integer, score float, even boolean, "
    "title text, +note text, +raw blob, chunk_size=8)"
)
for place, name in enumerate(names()):
    database.execute(
        "INSERT INTO docs(name, kind, embedding, i, score, even, title, note, raw) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (name, f"kind {place % 2}", rows[place].tobytes(), place, place / 4, place % 2 == 0,
         "ü" * place, f"note {place}" if place else None, b"\0\1"),
    )  # fmt: skip
database.execute("DELETE FROM docs WHERE name IN (?, ?)", (names()[1], names()[30]))
database.execute("UPDATE docs SET i = 777, embedding = ? WHERE name = ?",
                 ((rows[2] * 2).tobytes(), names()[2]))  # fmt: skip
for metric in ("l2", "l1"):
    database.execute(
        f"CREATE VIRTUAL TABLE plain_{metric} USING vec0(v float[16] distance_metric={metric}, "
        "chunk_size=8)"
    )
    for key, row in zip(numbers().tolist(), rows, strict=True):
        database.execute(
            f"INSERT INTO plain_{metric}(rowid, v) VALUES (?, ?)", (key, row.tobytes())
        )
database.execute(
    "CREATE VIRTUAL TABLE small USING vec0(key integer primary key, b bit[16], i int8[16], "
    "chunk_size=8)"
)
for place in range(10):
    codes = (rows[place] * 32).astype("i1")
    database.execute(
        "INSERT INTO small(key, b, i) VALUES (?, vec_bit(?), vec_int8(?))",
        (place - 3, packed[place].tobytes(), codes.tobytes()),
    )
database.execute("VACUUM")
database.close()
