"""Prints the statements that make the tables of the files beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.records import COUNT, bits, names, numbers, vectors


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


print("""CREATE EXTENSION vector;
CREATE TABLE items (id bigint PRIMARY KEY, title text NOT NULL, score double precision,
  even boolean, tags jsonb, made timestamptz, embedding vector(16), small halfvec(16));
CREATE TABLE codes (key text PRIMARY KEY, code bit(64));
CREATE TABLE sparse (id int PRIMARY KEY, v sparsevec(16));""")
for i in range(COUNT):
    title = f"Title {i} ü" + ("\\t\\\\ tab\tand\nline" if i == 3 else "")
    numbers_of_row = [float(number) for number in vectors()[i]]
    vector = quoted(f"[{','.join(map(repr, numbers_of_row))}]")
    tags, made = quoted(json.dumps({"a": [i]})), f"'2024-01-02 03:04:{i:02d}+00'"
    even = str(i % 2 == 0).lower()
    row = (numbers()[i], quoted(title), i / 4, even, tags, made, vector, vector)
    print(f"INSERT INTO items VALUES ({', '.join(map(str, row))});")
    code = "".join(f"{byte:08b}" for byte in bits()[i])
    print(f"INSERT INTO codes VALUES ({quoted(names()[i])}, B'{code}');")
    pairs = ",".join(f"{place + 1}:{numbers_of_row[place]}" for place in range(0, 16, 3))
    print(f"INSERT INTO sparse VALUES ({i}, '{{{pairs}}}/16');")
print("""INSERT INTO items VALUES (1, 'no vector', NULL, NULL, NULL, NULL, NULL, NULL);
CREATE INDEX ON items USING hnsw (embedding vector_cosine_ops) WITH (m = 12, ef_construction = 50);
CREATE INDEX ON items USING ivfflat (small halfvec_l2_ops) WITH (lists = 3);""")
