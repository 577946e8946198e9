"""Makes bulk files and hits of Elasticsearch, by their documentation; none are held here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

MAPPING = {
    "docs": {
        "mappings": {
            "properties": {
                "embedding": {
                    "type": "dense_vector",
                    "dims": 16,
                    "similarity": "max_inner_product",
                },
                "i": {"type": "integer"},
                "title": {"type": "text"},
                "score": {"type": "double"},
                "even": {"type": "boolean"},
            }
        }
    }
}


def make(folder, records):
    """A bulk file with its mapping, another with a deletion, and hits of a search, a line each."""
    rows, names, payloads = records.vectors(), records.names(), records.payloads()
    (folder / "mapping.json").write_text(json.dumps(MAPPING))
    documents = [
        {"embedding": row.tolist()} | (payload or {})
        for row, payload in zip(rows, payloads, strict=True)
    ]
    lines = []
    for name, document in zip(names, documents, strict=True):
        lines += [{"index": {"_index": "docs", "_id": name}}, document]
    (folder / "docs.ndjson").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    lines += [{"delete": {"_index": "docs", "_id": names[1]}}]
    (folder / "changed.ndjson").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    hits = [
        {"_index": "docs", "_id": name, "_score": 1.0, "_source": document}
        for name, document in zip(names, documents, strict=True)
    ]
    (folder / "hits.ndjson").write_text("".join(f"{json.dumps(one)}\n" for one in hits))
    options = {"mapping": "path:mapping.json"}
    for name in ("docs.ndjson", "changed.ndjson", "hits.ndjson"):
        given = Given(name, names, rows, "ip", payloads, None, options=options)
        yield without(given, [1]) if name == "changed.ndjson" else given


if __name__ == "__main__":
    run(make, __file__)
