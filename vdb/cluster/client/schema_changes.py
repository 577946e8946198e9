"""Changes of the schema of a sharded collection: first its shards, then the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vdb.api.collection_schema import CollectionSchema
from vdb.cluster.changes import change_record
from vdb.cluster.client.routing import Call, Router
from vdb.cluster.client.writing import EveryShard, Write, new_token
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.schema_document import schema_to_json
from vdb.errors import NotFoundError, PartialWriteError, VdbError
from vdb.model.text_field import Text

__all__ = ["declare_field", "undeclare_field"]


def declare_field(router: Router, path: str, kind: str | Text, seconds: float) -> None:
    """Declare a field on all shards, and in the map.

    Raises:
        InvalidPayloadError: A record of a shard holds another type there.
        InvalidArgumentError: It is declared with another type.
    """
    present = router.session.maps.reload().collection(router.name)
    _require_no_copies(present)
    schema = router.session.schema(present)
    other = schema.fields.get(path, kind)
    # In an empty collection: what is refused for its own sake is refused before a shard is asked.
    replace(schema, fields={**schema.fields, path: kind})
    schema_to_json(replace(schema, fields={**schema.fields, path: kind}))
    call = Call("index_field", (path, kind))
    try:
        Write(router, EveryShard(call), new_token(), seconds).run()
    except VdbError as error:
        refused = error.__cause__ if isinstance(error, PartialWriteError) else error
        if path not in schema.fields and isinstance(refused, VdbError) and other == kind:
            _drop(router, path, seconds)
            raise refused from None
        raise
    if not _change(router, present, lambda old: {**old.fields, path: kind}):
        declare_field(router, path, kind, seconds)  # the new shards do not have it


def undeclare_field(router: Router, path: str, seconds: float) -> None:
    """Drop a field on all shards, and in the map.

    Raises:
        NotFoundError: It is not declared.
    """
    present = router.session.maps.reload().collection(router.name)
    _require_no_copies(present)
    schema = router.session.schema(present)
    if path not in schema.fields:
        raise NotFoundError(
            f"collection {router.name!r} has no declared field {path!r}; there are "
            f"{', '.join(map(repr, schema.fields)) or 'none'}",
            expected=list(schema.fields),
            received=path,
        )
    _drop(router, path, seconds)
    if not _change(
        router,
        present,
        lambda old: {name: kind for name, kind in old.fields.items() if name != path},
    ):
        undeclare_field(router, path, seconds)  # the new shards have it


def _drop(router: Router, path: str, seconds: float) -> None:
    """Drop a field on the shards that have it."""
    call = Call("drop_field", (path,))
    try:
        Write(router, EveryShard(call), new_token(), seconds).run()
    except NotFoundError:
        return
    except PartialWriteError as error:
        if not isinstance(error.__cause__, NotFoundError):
            raise


def _change(
    router: Router,
    asked: CollectionMap,
    fields: Callable[[CollectionSchema], dict[str, Any]],
) -> bool:
    """Put the fields into the schema of the map.

    False, and nothing is put, where the map has other shards than those that were `asked`.
    """
    names = [shard.id for shard in asked.shards]

    def change(old: ClusterMap) -> ClusterMap:
        collection = old.collection(router.name)
        _require_no_copies(collection)
        if [shard.id for shard in collection.shards] != names:
            return old
        schema = collection.collection_schema()
        new = schema_to_json(replace(schema, fields=fields(schema)))
        return old.with_changed(replace(collection, schema=new))

    newest = router.session.maps.change(change).collection(router.name)
    return [shard.id for shard in newest.shards] == names


def _require_no_copies(collection: CollectionMap) -> None:
    """Refuse to change fields while new shards are filled, which have those of before."""
    change = collection.change
    if change is not None and change.kind not in ("rebuild", "rollback"):
        change_record.refuse_change(collection)
