"""The collection behind an adapter, which is opened, or created, when it is first needed.

Frameworks know the dimension when the first vectors come, build their pipelines before they run
them, and open a store again by the same call that made it. So one object holds the place and the
schema, and takes the collection as it is where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from threading import Lock
from typing import Any, TypeAlias

import vdb

__all__ = ["DEFAULT_METRIC", "Place", "StoreCollection", "index_of"]

Place: TypeAlias = "str | PathLike[str] | vdb.Database | None"
"""A directory; an open database, which stays the caller's; None for a temporary database."""

DEFAULT_METRIC = "cosine"
"""What frameworks take for granted: directions, whatever the lengths are."""

_CODED = ("cosine", "dot", "ip", "l2")
_CODED_INDEX = vdb.HNSW(codes="int8", indexing_threshold=10_000)
"""Of a new collection of embeddings: with codes, adding takes two thirds of the time, for a quarter
more room; up to the threshold it takes a tenth, and a search compares all codes, in less than a
millisecond."""


class StoreCollection:
    """A collection at a place, by name; safe to share between threads."""

    def __init__(
        self,
        place: Place,
        name: str,
        *,
        metric: str | None = None,
        dtype: str | None = None,
        index: vdb.HNSW | vdb.Flat | None = None,
        scores: str | None = None,
        fields: Mapping[str, str] | None = None,
        optional_vectors: bool = False,
        text: tuple[str, str] | None = None,
    ) -> None:
        """Only notes the arguments; nothing is opened.

        Args:
            place: Where the database is.
            name: The collection's name, or an alias.
            metric: None takes that of the collection, and `DEFAULT_METRIC` for a new one.
            dtype: As for `Database.create_collection`; so are the others.
            index: The vector index. None takes that of the collection; a new one has a graph, with
                codes of a byte a number where the metric and the default dtype allow them.
            scores: The default convention of scores.
            fields: Payload fields to index, with their types.
            optional_vectors: Whether records may have no vector.
            text: A payload field to index for searches by words, and its analyzer. A collection
                without that field gets it when it is opened.
        """
        self._place = place
        self._name = name
        self._metric = metric
        self._dtype = dtype
        self._index = index
        self._scores = scores
        self._fields = dict(fields or {})
        self._optional_vectors = optional_vectors
        self._text = text
        self._opening = Lock()
        self._database: vdb.Database | None = place if isinstance(place, vdb.Database) else None
        self._collection: vdb.Collection | None = None
        self._closed = False

    @property
    def database(self) -> vdb.Database:
        """The database, opened if it was not yet.

        Raises:
            ClosedError: `close` was called.
            And what `vdb.open` raises.
        """
        with self._opening:
            return self._open_database()

    @property
    def collection(self) -> vdb.Collection:
        """The collection, opened or created if it was not yet.

        Payloads are encoded with the "json" encoder: loaders give dates, UUIDs and tuples.

        Raises:
            MetricMismatchError, InvalidArgumentError: There is one with another schema.
            ReadOnlyError: There is none, and the database is open for reading only.
            ClosedError: `close` was called.
            And what `vdb.open` raises.
        """
        collection = self._collection
        if collection is not None:
            return collection
        with self._opening:
            database = self._open_database()
            if self._collection is None:
                self._collection = self._open_collection(database)
            return self._collection

    def recreate(self) -> None:
        """Replaces the collection by an empty one, for vectors of any dimension, in one commit."""
        with self._opening:
            database = self._open_database()
            with database.batch():
                if self._name in database:
                    database.drop_collection(self._name)
                self._collection = self._open_collection(database)

    def close(self) -> None:
        """Closes the database, unless the caller has opened it. Later uses raise ClosedError."""
        with self._opening:
            if self._database is not None and self._database is not self._place:
                self._database.close()
            self._closed = True
            self._database = self._collection = None

    def _open_database(self) -> vdb.Database:
        if self._closed:
            raise vdb.ClosedError("the store is closed; make another one to go on")
        if self._database is None:
            place = self._place
            if place is None:
                self._database = vdb.temporary()
            elif isinstance(place, vdb.Database):
                self._database = place
            else:
                self._database = vdb.open(place)
        return self._database

    def _open_collection(self, database: vdb.Database) -> vdb.Collection:
        there = self._name in database
        metric, index = self._metric, self._index
        if metric is None:
            metric = database.collection(self._name).metric if there else DEFAULT_METRIC
        if index is None and not there and self._dtype is None and metric in _CODED:
            index = _CODED_INDEX
        fields: dict[str, str | vdb.Text] = dict(self._fields)
        if self._text is not None:
            path, analyzer = self._text
            fields[path] = vdb.Text(analyzer)
            if there and path not in database.collection(self._name).info().text_fields:
                database.collection(self._name).index_field(path, fields[path])
        return database.create_collection(
            self._name,
            dim="auto",
            metric=metric,
            dtype=self._dtype,
            index=index,
            scores=self._scores,
            fields=fields,
            optional_vectors=self._optional_vectors,
            payload_encoder="json",
            exist_ok=True,
        )


def index_of(index: vdb.HNSW | vdb.Flat | Mapping[str, Any] | None) -> vdb.HNSW | vdb.Flat | None:
    """An index, also of a dict of its kind and its parameters; ValueError for another kind."""
    if not isinstance(index, Mapping):
        return index
    parameters = dict(index)
    kind = parameters.pop("kind", None)
    if kind == "hnsw":
        return vdb.HNSW(**parameters)
    if kind == "flat":
        return vdb.Flat(**parameters)
    raise ValueError(f"index must have the kind hnsw or flat, got {kind!r}")
