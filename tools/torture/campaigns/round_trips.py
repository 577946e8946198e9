"""Collections of every kind, exported in every format and imported again: nothing may differ."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import vdb
from tools.torture.shared.campaign import Campaign
from vdb.exports.registry import FORMATS
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS

MAPS = ("atlas",)  # are looked at; they are no copies of a collection
WITHOUT_LENGTHS = ("faiss", "hnswlib")
WITHOUT_CODES = ("faiss", "hnswlib", "pgvector", "sqlite-vec")
_TEXTS = ("", "a", "ü", "😀", "'", '"', "\\", "\n", "\t", "\u2028", "{}", "[1]", "null", "x" * 300)
_NUMBERS = (0, 1, -1, 2**31, 2**53 + 1, -(2**63), 2**63 - 1, 2**64 - 1, 0.5, -0.0, 1e300, 5e-324)
_MOMENTS = ("2024-05-06T07:08:09Z", "1969-12-31T23:59:59.999999+02:00", "9999-12-31T00:00:00Z")
FIELDS = {"n": "int", "t": "keyword", "s": "keyword[]", "w": "datetime", "d.x": "float"}


class RoundTrips(Campaign):
    """One collection a round, through every format that can hold it."""

    accepted = ("the same",)
    full = 300

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._seen: dict[str, Counter[str]] = defaultdict(Counter)

    def round(self, number: int) -> str:
        draw = random.Random(f"{self.seed}/{number}")
        faults = []
        with vdb.temporary() as db:
            docs = _collection(db, draw)
            for name in (name for name in FORMATS if name not in MAPS):
                folder = self.place / f"{number}-{name}"
                fault = self._trip(docs, name, folder)
                if fault is not None:
                    info = docs.info()
                    what = f"{info.dtype}, {info.metric}, {info.index}, {info.count} records"
                    faults.append(f"{name}: {fault} ({what}; {folder})")
                else:
                    shutil.rmtree(folder, ignore_errors=True)
        return "\n  ".join(faults) if faults else self.accepted[0]

    def end(self) -> None:
        for name, seen in sorted(self._seen.items()):
            print(f"  {name}: " + ", ".join(f"{count} {words}" for words, count in seen.items()))

    def fault(self, seen: Counter[str]) -> str | None:
        """Formats whose library is here must have held something."""
        del seen
        empty = [
            name
            for name, counts in self._seen.items()
            if not counts["the same"] and not counts["without its library"]
        ]
        return f"{', '.join(empty)}: nothing was exported" if empty else None

    def _trip(self, docs: vdb.Collection, name: str, folder: Path) -> str | None:
        folder.mkdir(parents=True, exist_ok=True)
        seen = self._seen[name]
        try:
            report = _exported(docs, name, folder)
        except ImportError:
            seen["without its library"] += 1
            return None
        except vdb.InvalidArgumentError:
            seen["refused"] += 1
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            return f"export: {type(error).__name__}: {str(error)[:200]}"
        try:
            with vdb.temporary() as db:
                imported = db.import_source(report.files[0], "again")
                if imported.refused:
                    return f"{imported.refused} refused: {imported.refusals[0].reason}"
                fault = _difference(docs, db.collection("again"), name)
                if list(db.check()):
                    return "the collection is not sound"
        except Exception as error:  # noqa: BLE001 - as above
            return f"import: {type(error).__name__}: {str(error)[:200]}"
        seen["the same" if fault is None else "different"] += 1
        return fault


def _exported(docs: vdb.Collection, name: str, folder: Path) -> Any:
    """The files, with row numbers as ids where others cannot be."""
    options: dict[str, Any] = {}
    if name == "hdf5":
        queries = np.zeros((1, 1), np.float32)
        vector = next((one.vector for one in docs.scan() if one.vector is not None), queries[0])
        np.save(folder / "queries.npy", np.ascontiguousarray(vector)[None])
        options = {"queries": str(folder / "queries.npy"), "k": 1}
    try:
        return docs.export(folder / "out", name, options=options or None)
    except vdb.InvalidArgumentError:
        if not any(option.name == "ids" for option in FORMATS[name].options):
            raise
        return docs.export(folder / "out", name, options=options | {"ids": "row"}, overwrite=True)


def _collection(db: vdb.Database, draw: random.Random) -> vdb.Collection:
    dtype = draw.choice(list(DTYPES))
    metric = draw.choice([one for one, row in METRICS.items() if dtype in row.dtypes])
    dim = draw.choice((8, 16, 40)) if dtype == "bit" else draw.choice((1, 2, 7, 16, 33))
    count = draw.choice((0, 1, 2, 40, 300))
    optional = draw.random() < 0.3
    docs = db.create_collection(
        draw.choice(("docs", "a-b.c", "Docs_2")),
        dim="auto" if draw.random() < 0.1 else dim,
        metric=metric,
        dtype=dtype,
        index=_index(draw, dtype, metric),
        model=draw.choice((None, "a model", "ü'\"\n")),
        fields=draw.choice((None, FIELDS, {"n": "int"})),
        optional_vectors=optional,
    )
    if count:
        vectors: list[Any] = list(_vectors(draw, dtype, metric, count, dim))
        if optional:
            vectors = [None if draw.random() < 0.2 else one for one in vectors]
        docs.add(_ids(draw, count), vectors, [_payload(draw) for _ in range(count)])
    return docs


def _index(draw: random.Random, dtype: str, metric: str) -> vdb.Flat | vdb.HNSW:
    if draw.random() < 0.3:
        return vdb.Flat()
    coded = dtype not in {"bit", "int8"} and metric != "l1"
    codes = None if not coded else draw.choice((None, None, "int8", "int4"))
    return vdb.HNSW(
        M=draw.choice((2, 7, 16)),
        ef_construction=draw.choice((16, 33, 200)),
        codes=codes,
        seed=draw.choice((0, 5, 2**31)),
    )


def _vectors(draw: random.Random, dtype: str, metric: str, count: int, dim: int) -> Any:
    numbers = np.random.default_rng(draw.randrange(2**32))
    if dtype == "bit":
        return numbers.integers(0, 256, size=(count, dim // 8)).astype(np.uint8)
    rows = numbers.normal(size=(count, dim))
    if dtype == "int8":
        return numbers.integers(1, 128, size=(count, dim)).astype(np.int8)
    if metric == "dot":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    elif draw.random() < 0.3:
        rows *= draw.choice((1e-3, 1e3))
    return rows.astype(dtype)


def _ids(draw: random.Random, count: int) -> list[Any]:
    match draw.randrange(4):
        case 0:
            return [f"{draw.choice(_TEXTS)[:200]}{row}" for row in range(count)]
        case 1:
            return [row * 3 - 5 for row in range(count)]
        case 2:
            return list({draw.randrange(-(2**63), 2**63) for _ in range(count)})
        case _:
            return list(range(count))


def _payload(draw: random.Random) -> Any:
    match draw.randrange(8):
        case 0:
            return None
        case 1:
            return {}
        case 2:
            return _value(draw, 3)
        case _:
            made: dict[str, Any] = {}
            if draw.random() < 0.7:
                made["n"] = draw.choice((1, -5, 2**40, -(2**63), 2**64 - 1))
            if draw.random() < 0.7:
                made["t"] = draw.choice(_TEXTS)
            if draw.random() < 0.4:
                made["s"] = draw.sample(_TEXTS, draw.randrange(4))
            if draw.random() < 0.4:
                made["w"] = draw.choice(_MOMENTS)
            if draw.random() < 0.4:
                made["d"] = {"x": draw.choice((None, 0.5, 3.0))}
            if draw.random() < 0.5:
                made[draw.choice(("id", "vector", "payload", "more", "ü"))] = _value(draw, 3)
            return made


def _value(draw: random.Random, depth: int) -> Any:
    kind = draw.randrange(7 if depth else 5)
    if kind == 5:
        return [_value(draw, depth - 1) for _ in range(draw.randrange(3))]
    if kind == 6:
        return {draw.choice(_TEXTS): _value(draw, depth - 1) for _ in range(draw.randrange(3))}
    return draw.choice(((None, True, False), _TEXTS, _NUMBERS, _MOMENTS, _NUMBERS)[kind])


def _difference(docs: vdb.Collection, again: vdb.Collection, name: str) -> str | None:
    for words, one, other in _schemas(docs, again, name):
        if one != other:
            return f"{words} is {other!r}, not {one!r}"
    mine, theirs = list(docs.scan()), {one.id: one for one in again.scan()}
    if len(theirs) != len(mine):
        return f"{len(theirs)} records, not {len(mine)}"
    unit = name in WITHOUT_LENGTHS and docs.metric in {"cosine", "dot"}
    for record in mine:
        other = theirs.get(record.id)
        if other is None or type(other.id) is not type(record.id):
            return f"the id {record.id!r:.80} is missing"
        if not _same_vector(record.vector, other.vector, unit=unit):
            return f"another vector under {record.id!r:.80}"
        if not _same_payload(record.payload, other.payload, loose=name == "pgvector"):
            return f"{other.payload!r:.200} under {record.id!r:.80}, not {record.payload!r:.200}"
    return None


def _schemas(docs: vdb.Collection, again: vdb.Collection, name: str) -> list[tuple[str, Any, Any]]:
    one, other = docs.info(), again.info()
    index = one.index
    if name in WITHOUT_CODES and isinstance(index, vdb.HNSW) and other.index.codes is None:
        index = replace(index, codes=None)
    unit = name in WITHOUT_LENGTHS and one.metric == "cosine"  # which float32 alone holds
    return [
        ("the dimension", one.dim, other.dim),
        ("the metric", one.metric, other.metric),
        ("the dtype", "float32" if unit else one.dtype, other.dtype),
        ("the model", one.model, other.model),
        ("the index", index, other.index),
        ("the fields", dict(one.fields), dict(other.fields)),
        ("optional_vectors", one.optional_vectors, other.optional_vectors),
        # Files of an engine are imported with the engine's own scores.
        ("the convention", name if other.scores == name else one.scores, other.scores),
    ]


def _same_vector(one: Any, other: Any, *, unit: bool) -> bool:
    if one is None or other is None:
        return one is other
    if one.dtype == other.dtype and one.tobytes() == other.tobytes():
        return True
    if not unit:
        return False
    expected = one.astype(np.float64) / np.linalg.norm(one.astype(np.float64))
    return bool(np.allclose(expected, other, atol=2e-3 if one.dtype == np.float16 else 1e-6))


def _same_payload(one: Any, other: Any, *, loose: bool) -> bool:
    if loose:  # jsonb orders names, and writes large numbers as whole ones
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
