"""An empty embedded collection of the schema of a sharded one, by which arguments are checked.

A call that the twin refuses is refused with the embedded error, before anything is sent. What
depends on the records themselves (an id that is there, a curve of recall) only a shard knows.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

import vdb
from vdb.api.collection import Collection
from vdb.api.collection_schema import CollectionSchema

__all__ = ["Twins"]


class Twins:
    """The twins of the collections of a cluster, in one temporary database."""

    def __init__(self, payload_encoder: Any = "strict") -> None:
        self._db = vdb.temporary(payload_encoder=payload_encoder)
        self._lock = threading.Lock()
        self._schemas: dict[str, CollectionSchema] = {}

    def twin(self, schema: CollectionSchema, **expected: Any) -> Collection:
        """The twin of a collection, as `Database.collection` returns it.

        Args:
            schema: The schema in the map.
            expected: ``metric=``, ``dim=``, ``model=`` and ``payload_encoder=``, as there.

        Raises:
            MetricMismatchError, DimensionMismatchError, ModelMismatchError: As there.
        """
        self.follow(schema)
        return self._db.collection(schema.name, **expected)

    def follow(self, schema: CollectionSchema) -> None:
        """Bring the twin to this schema, as a rebuild and changes of fields do.

        Objects of before then refuse what they would refuse after a rebuild of an embedded
        collection: thresholds of another metric, and a metric that they were asked for with.
        """
        if self._schemas.get(schema.name) == schema:  # without the lock: the usual case
            return
        with self._lock:
            present = self._schemas.get(schema.name)
            if present == schema:
                return
            if present is None:
                schema.make(self._db)
            else:
                _rebuild(self._db.collection(schema.name), present, schema)
            self._schemas[schema.name] = schema

    def forget(self, name: str) -> None:
        """Remove the twin of a collection that is no longer in the map."""
        with self._lock:
            if self._schemas.pop(name, None) is not None:
                self._db.drop_collection(name)

    def close(self) -> None:
        """Remove the temporary database."""
        self._db.close()


def _rebuild(twin: Collection, present: CollectionSchema, schema: CollectionSchema) -> None:
    """Bring an empty collection from one schema to another one."""
    for path in present.fields.keys() - schema.fields.keys():
        twin.drop_field(path)
    for path, kind in schema.fields.items():
        if path not in present.fields:
            twin.index_field(path, kind)
        elif present.fields[path] != kind:
            twin.drop_field(path)
            twin.index_field(path, kind)
    changes: dict[str, Any] = {
        name: getattr(schema, name)
        for name in ("metric", "dtype", "index", "scores")
        if getattr(schema, name) != getattr(present, name)
    }
    if (schema.dim, schema.model) != (present.dim, present.model):
        dim = int(schema.dim)
        changes |= {
            "dim": dim,
            "model": schema.model,
            "vectors": lambda records: np.empty((len(records), dim), dtype=np.float32),
        }
    if changes:
        twin.rebuild(**changes)
