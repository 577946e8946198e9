"""Writes what fuzzing begins with into tests/corpus: sound bytes of every kind.

    python -m tools.torture.fuzzing.seeds

What fuzzing has found lies beside them and stays.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import lmdb
import numpy as np

import vdb
from tools.torture.fuzzing.targets import TARGETS
from tools.torture.shared import sample
from vdb.store.format import keys

CORPUS = Path(__file__).parents[3] / "tests/corpus"
MOST, LARGEST = 6, 4096

# Which target decodes the bodies of a kind of key.
_OF_KIND = {
    keys.KeyKind.DATABASE: "database",
    keys.KeyKind.COLLECTION: "collection",
    keys.KeyKind.GENERATION: "generation",
    keys.KeyKind.JOURNAL: "journal",
    keys.KeyKind.TEXT: "text",
    keys.KeyKind.CHANGE: "change",
    keys.KeyKind.RECORD: "record",
    keys.KeyKind.POSTINGS: "leaf",
}

_FILTERS = [
    {"pep": {"$gte": 400, "$lt": 500}, "author.name": {"$in": ["a", "b"]}},
    {"$or": [{"a": None}, {"b": {"$exists": True}}, {"$not": {"c": {"$startswith": "x"}}}]},
    {"when": {"$gt": "2026-01-01T00:00:00Z"}, "tags": {"$all": [1, 2.5, True]}},
    {"$and": [{"a": {"$ne": 1}}, {"b": {"$nin": [1, "x"]}}, {"c": {"$contains": "y"}}]},
]
_PAYLOADS = [{"pep": 450, "author": {"name": "a"}}, {"a": [None, 1, -5, 2.5, "x", {"b": []}]}]
_LINES = [
    b'{"id": "pep-0008/12", "pep": 8, "text": "Limit"}\n{"id": "b"}\n',
    b'{"id": 7, "payload": [1, 2.5, null, "\\u00e9\\ud83d\\ude00"]}\n\n',
    b'\xef\xbb\xbf{"id": -9223372036854775808}\n',
]
_LABELS = [b'{"query": "Indentation", "relevant": ["pep-0008/133"]}\n{"relevant": [4, 5]}\n']
_NAMES = [
    b"docs",
    b"pep-0008/12",
    b"full",
    b"500MB",
    b"2GiB",
    b"12",
    "\u00e9\u4e2d".encode(),
    b"[1]",
]
_FIELDS = [b'{"pep": "int", "tags": "keyword[]"}', b"pep=int\nauthor.name=keyword\nwhen=datetime"]
_SCORES = [b"l2 lucene\x001.5", b"cosine elasticsearch\x00[0.5, 1]", b"ip vespa\x00-3e40"]


def main() -> None:
    """Write them."""
    seeds: defaultdict[str, list[bytes]] = defaultdict(list)
    _stored(seeds)
    _given(seeds)
    for target, bodies in seeds.items():
        place = CORPUS / target
        place.mkdir(parents=True, exist_ok=True)
        chosen = sorted({body for body in bodies if len(body) <= LARGEST}, key=len)
        step = max(1, len(chosen) // MOST)
        for number, body in enumerate(chosen[::step][:MOST]):
            (place / f"seed-{number}").write_bytes(body)
    missing = [target for target in TARGETS if target not in seeds]
    if missing:
        raise SystemExit(f"no seeds for {missing}")


def _stored(seeds: defaultdict[str, list[bytes]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sample.vdb"
        sample.make(path)
        with vdb.open(path) as db:
            db.collection("docs").rebuild(index=vdb.HNSW(M=4, ef_construction=20))
            db.collection("docs").set_payloads([1], [{"n": 4}])
        with lmdb.open(str(path), readonly=True, lib_version=0) as engine, engine.begin() as read:
            for key, value in read.cursor():
                kind = keys.KeyKind(key[0])
                seeds["key"].append(key)
                if kind is keys.KeyKind.IDENTITY:
                    seeds["identity"].append(value)
                elif kind is keys.KeyKind.BLOCK and len(value) <= LARGEST:
                    seeds["block"].append(value)
                elif kind in _OF_KIND:
                    seeds[_OF_KIND[kind]].append(value[4:])
        with vdb.open(Path(directory) / "empty.vdb") as db:
            stream = io.BytesIO()
            db.backup(stream)
        seeds["stream"] = [stream.getvalue()]
        seeds["manifest"] = [stream.getvalue()[stream.getvalue().rindex(b'{"sha256"') :]]
        seeds["chunk"] = [stream.getvalue()[52 : -len(seeds["manifest"][0]) - 12]]
    seeds["sealed_records"] = [b"\xc1\xc1".join(seeds["record"][:3])]


def _given(seeds: defaultdict[str, list[bytes]]) -> None:
    # Of a payload the shortest form is wanted, which the format makes.
    from vdb.store.format import payloads  # noqa: PLC0415 - beside its only use

    seeds["payload"] = [payloads.encode(payload) for payload in _PAYLOADS]
    seeds["filter"] = [
        json.dumps(rule).encode() + b"\n" + json.dumps(payload).encode()
        for rule in _FILTERS
        for payload in _PAYLOADS
    ]
    seeds["change"] = [bytes(1024), bytes(range(256)) * 4]
    seeds["where"] = [json.dumps(rule).encode() for rule in _FILTERS]
    seeds["lines"], seeds["labels"] = _LINES, _LABELS
    seeds["name"], seeds["fields"], seeds["score"] = _NAMES, _FIELDS, _SCORES
    seeds["array"] = [
        _saved(np.arange(12).reshape(3, 4).astype(kind))
        for kind in ("f2", "f4", "f8", "i1", "u8", "?")
    ]


def _saved(array: np.ndarray) -> bytes:
    with tempfile.TemporaryFile() as file:
        np.save(file, array)
        file.seek(0)
        return file.read()


if __name__ == "__main__":
    main()
