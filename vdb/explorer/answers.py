"""What the page asks, answered from a database, as what JSON can hold.

Ids and payloads go as texts, because JavaScript's ints end at 2**53. Each answer is of the
newest moment; nothing is kept between two.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.api import filter_warning
from vdb.api.collection_reader import CollectionReader
from vdb.api.database import Database
from vdb.errors import ArgumentTypeError, InvalidArgumentError, NotFoundError
from vdb.explorer.score_histogram import score_histogram
from vdb.explorer.sides import Question, Side, SideHits, at_generation, neighbors
from vdb.model import arguments
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.model.records import Id, Payload
from vdb.model.results import plain
from vdb.scores.conversion import conventions

__all__ = ["Answers"]

MOST_HITS = 100
PAGE_ROWS = 50
_MOST_TEXT = 400
"""Characters of a payload in a list; a record that is opened is sent whole."""


class Answers:
    """The answers of one database.

    Threads: any number; each call reads at a moment of its own.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def overview(self) -> dict[str, Any]:
        """The database and its collections."""
        info = self._db.info()
        return {
            "path": str(info.path),
            "file_bytes": info.file_bytes,
            "collections": [self._summary(name) for name in sorted(info.collections)],
        }

    def _summary(self, name: str) -> dict[str, Any]:
        one = self._db.collection(name)
        return {"name": name, "count": len(one), "dim": one.dim, "metric": one.metric}

    def collection(self, name: str) -> dict[str, Any]:
        """One collection: its schema, what is known of its health, and what can be chosen."""
        info = self._db.collection(name).info()
        metrics = [row.name for row in METRICS.values() if info.dtype in row.dtypes]
        return {
            "name": name,
            "count": info.count,
            "without_vector": info.without_vector,
            "dim": info.dim,
            "columns": None if info.dim is None else DTYPES[info.dtype].columns(info.dim),
            "metric": info.metric,
            "dtype": info.dtype,
            "index": plain(info.index),
            "scores": info.scores,
            "model": info.model,
            "fields": dict(info.fields),
            "id_kind": info.id_kind,
            "generation": info.generation,
            "norms": plain(info.norms),
            "bytes": {
                "vectors": info.vector_bytes,
                "links": info.link_bytes,
                "codes": info.code_bytes,
            },
            "note": info.note,
            "tuning": plain(info.tuning),
            "history": [
                {"generation": one.generation, "metric": one.metric, "when": str(one.when)}
                for one in info.history
            ],
            "previous": None if info.previous is None else plain(info.previous),
            "rebuilding": None if info.rebuilding is None else plain(info.rebuilding),
            "metrics": {name: conventions(name) for name in metrics},
        }

    def inspection(self, name: str) -> dict[str, Any]:
        """Degrees and lengths, read from every block."""
        report = self._db.collection(name).inspect()
        return {
            "norm_histogram": plain(report.norm_histogram),
            "levels": [plain(level) for level in report.levels],
            "nodes": report.nodes,
            "duplicates": report.duplicates,
            "unlinked": report.unlinked,
            "reached": report.reached,
        }

    def records(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        """A page of records behind an id, with short payloads."""
        collection = self._db.collection(name)
        after = None if asked.get("after") is None else _id(collection, asked["after"])
        where = _where(asked)
        with filter_warning.remarks() as remarks:
            rows = list(
                collection.scan(after=after, limit=PAGE_ROWS + 1, where=where, with_vectors=False)
            )
            matches = None if where is None else collection.count(where)
        shown = [{"id": _shown_id(one.id), "text": _short(one.payload)} for one in rows]
        return {
            "records": shown[:PAGE_ROWS],
            "more": len(rows) > PAGE_ROWS,
            "matches": matches,
            "remark": remarks[0] if remarks else None,
            "text_fields": sorted({name for one in rows for name in _text_fields(one.payload)}),
        }

    def record(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        """One record as a whole, its payload as JSON, and its place in the graph."""
        collection = self._db.collection(name)
        key = _id(collection, asked.get("id"))
        record = collection.get(key)
        if record is None:
            raise NotFoundError(f"there is no record {key!r}", received=key)
        inspected = collection.inspect_record(key)
        return {
            "id": _shown_id(key),
            "payload": json.dumps(record.payload, ensure_ascii=False, indent=2),
            "norm": inspected.norm,
            "duplicates": [_shown_id(one) for one in inspected.duplicates[:MOST_HITS]],
            "degrees": [len(level) for level in inspected.levels],
            "vector": None if record.vector is None else record.vector.tolist(),
        }

    def neighbors(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The neighbours of a record or a vector, on one side or on two."""
        collection = self._db.collection(name)
        k = arguments.whole("k", asked.get("k", 10), 1, MOST_HITS)
        sides = [Side.of(_object("sides", one)) for one in _list(asked, "sides")[:2]]
        question = Question(self._query(collection, asked), k, _where(asked))
        answers = [neighbors(collection, question, side) for side in sides]
        return {"sides": [_hits(one) for one in answers]}

    def explanation(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The score of one record, step by step, in the generation in use."""
        collection = self._db.collection(name)
        report = collection.explain(
            self._query(collection, asked),
            _id(collection, asked.get("id")),
            scores=asked.get("convention"),
            k=arguments.whole("k", asked.get("k", 10), 1, MOST_HITS),
            where=_where(asked),
        )
        sections = [{"title": one.title, "lines": list(one.lines)} for one in report.sections]
        return {"sections": sections, "rank": report.rank, "score": _number(report.score)}

    def histogram(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The scores of all records for one query."""
        collection = self._db.collection(name)
        side = Side.of(_object("side", asked.get("side", {})))
        question = Question(self._query(collection, asked), where=_where(asked))
        return asdict(score_histogram(collection, question, side))

    def _query(self, collection: CollectionReader, asked: dict[str, Any]) -> ArrayLike:
        """The vector that is asked: a given one, or that of a record."""
        if asked.get("vector") is not None:
            return _vector(_list(asked, "vector"), packed=DTYPES[collection.dtype].packed)
        record = collection.get(_id(collection, asked.get("like")))
        if record is None or record.vector is None:
            what = "no record" if record is None else "no vector in the record"
            raise NotFoundError(
                f"there is {what} {asked.get('like')!r}", received=asked.get("like")
            )
        return record.vector


def _id(collection: CollectionReader, given: object) -> Id:
    """An id from its text."""
    text = arguments.text("id", given)
    with at_generation(collection, "present") as (_, view):
        id_kind = view.header.id_kind
    if id_kind != "int":
        return text
    if re.fullmatch(r"-?[0-9]{1,20}", text) is None:
        raise InvalidArgumentError(
            f"the ids of {collection.name} are ints, got {text!r:.80}", received=text
        )
    return int(text)


def _vector(numbers: list[Any], *, packed: bool) -> NDArray[Any]:
    """The numbers of a query; packed bits are bytes."""
    kinds, words = ((int,), "whole numbers from 0 to 255") if packed else ((int, float), "numbers")
    try:
        if all(type(one) in kinds for one in numbers):
            return np.array(numbers, np.uint8 if packed else np.float64)
    except OverflowError:
        pass
    raise InvalidArgumentError(f"vector must be a list of {words}", expected=words)


def _where(asked: dict[str, Any]) -> Any:
    """The filter: an object, or its JSON as text, whose ints the page cannot hold."""
    where = asked.get("where")
    try:
        return json.loads(where) if isinstance(where, str) else where
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"where is no JSON: {error}") from None


def _object(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ArgumentTypeError(
            f"{name} must be an object, got {type(value).__name__}",
            expected="dict",
            received=type(value).__name__,
        )
    return value


def _list(asked: dict[str, Any], name: str) -> list[Any]:
    value = asked.get(name)
    if not isinstance(value, list):
        raise ArgumentTypeError(
            f"{name} must be a list", expected="list", received=str(type(value))
        )
    return value


def _shown_id(value: Id) -> str:
    return str(value)


def _text_fields(payload: Payload) -> list[str]:
    """The fields of a payload that are texts, as filters name them."""
    if not isinstance(payload, dict):
        return []
    return [name for name, value in payload.items() if isinstance(value, str) and "." not in name]


def _short(payload: Payload) -> str:
    """A payload in one line: its longest text, or its JSON."""
    texts = [payload[name] for name in _text_fields(payload)] if isinstance(payload, dict) else []
    text = max(texts, key=len) if texts else json.dumps(payload, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]} …"


def _number(value: float) -> float | None:
    """A number, or None for NaN and infinity, of which JSON has no spelling."""
    return value if math.isfinite(value) else None


def _hits(side: SideHits) -> dict[str, Any]:
    hits = [
        {"id": _shown_id(one), "score": _number(score), "value": _number(value), "text": text}
        for one, score, value, text in zip(
            side.ids, side.scores, side.values, map(_short, side.payloads), strict=True
        )
    ]
    return {
        "metric": side.metric,
        "convention": side.convention,
        "direction": side.direction,
        "plan": side.plan,
        "milliseconds": side.milliseconds,
        "hits": hits,
    }
