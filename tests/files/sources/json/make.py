"""Makes JSON of records, services and databases, which needs no library; none is held here."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """Lines, a packed array, an answer of a service with base64, and objects of databases."""
    rows, names, payloads = records.vectors(), records.names(), records.payloads()
    objects = [
        {"id": name, "vector": row.tolist()} | (payload or {})
        for name, row, payload in zip(names, rows, payloads, strict=True)
    ]
    text = "\n".join(json.dumps(one, ensure_ascii=False) for one in objects)
    (folder / "lines.jsonl").write_text(text, encoding="utf-8")
    (folder / "array.json.gz").write_bytes(gzip.compress(json.dumps(objects).encode(), mtime=0))
    for name in ("lines.jsonl", "array.json.gz"):
        yield Given(name, names, rows, payloads=payloads, asked="l2")
    data = [
        {"index": row, "embedding": base64.b64encode(vector.tobytes()).decode()}
        for row, vector in enumerate(rows)
    ]
    answer = {"object": "list", "data": data, "model": "a-model"}
    (folder / "answer.json").write_text(json.dumps(answer))
    yield Given("answer.json", range(len(rows)), rows, asked="cosine")
    pairs = list(zip(names, rows.tolist(), payloads, strict=True))
    fetched = {one: {"id": one, "values": row, "metadata": more} for one, row, more in pairs}
    (folder / "pinecone.json").write_text(json.dumps({"vectors": fetched, "namespace": ""}))
    objects = [
        {"class": "C", "id": one, "properties": more or {}, "vectors": {"default": row}}
        for one, row, more in pairs
    ]
    (folder / "weaviate.json").write_text(json.dumps({"objects": objects}))
    for name in ("pinecone.json", "weaviate.json"):
        yield Given(name, names, rows, payloads=payloads, asked="cosine")


if __name__ == "__main__":
    run(make, __file__)
