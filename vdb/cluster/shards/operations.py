"""What a write of a shard does, and which ids it changes.

An operation runs inside the batch of its commit. It returns what the method of the collection
returns, and the ids: those that a filter chose are looked up first, so that the log and the journal
hold ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from vdb.api.collection import Collection
from vdb.cluster.shards.rows import put_rows
from vdb.model import inputs
from vdb.model.records import Id

__all__ = ["OPERATIONS", "Outcome", "Write", "carry_out"]


class Write(NamedTuple):
    """A write: a method of a collection and its arguments, and the token that it has."""

    token: str
    operation: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


class Outcome(NamedTuple):
    """What an operation returned, and the ids that it changed or removed."""

    result: Any
    ids: list[Id]


Operation = Callable[[Collection, tuple[Any, ...], Mapping[str, Any], int | None], Outcome]
"""Collection, arguments, named arguments, and threads where the call names none."""


def _rows(method: str) -> Operation:
    def write(
        coll: Collection, args: tuple[Any, ...], kwargs: Mapping[str, Any], threads: int | None
    ) -> Outcome:
        ids = args[0] if args else kwargs["ids"]
        named = {**kwargs, "threads": kwargs.get("threads") or threads}
        return Outcome(getattr(coll, method)(*args, **named), inputs.id_list(ids))

    return write


def _put_rows(
    coll: Collection, args: tuple[Any, ...], _: Mapping[str, Any], threads: int | None
) -> Outcome:
    (rows,) = args
    return Outcome(put_rows(coll, rows, threads), [*rows.absent, *rows.ids])


def _set_payloads(
    coll: Collection, args: tuple[Any, ...], kwargs: Mapping[str, Any], _: int | None
) -> Outcome:
    ids = args[0] if args else kwargs["ids"]
    coll.set_payloads(*args, **kwargs)
    return Outcome(None, inputs.id_list(ids))


def _update_payloads(
    coll: Collection, args: tuple[Any, ...], kwargs: Mapping[str, Any], _: int | None
) -> Outcome:
    named = {**dict(zip(("ids", "changes"), args, strict=False)), **kwargs}
    where = named.get("where")
    ids = named.get("ids") if where is None else list(coll.ids(where=where))
    return Outcome(coll.update_payloads(ids, named.get("changes")), inputs.id_list(ids))


def _delete(
    coll: Collection, args: tuple[Any, ...], kwargs: Mapping[str, Any], _: int | None
) -> Outcome:
    where = kwargs.get("where")
    ids = args[0] if args else kwargs.get("ids")
    chosen = inputs.id_list(ids, ordered=False) if where is None else list(coll.ids(where=where))
    return Outcome(coll.delete(chosen), chosen)


def _clear(coll: Collection, _: tuple[Any, ...], __: Mapping[str, Any], ___: int | None) -> Outcome:
    ids = list(coll.ids())
    return Outcome(coll.clear(), ids)


def _index_field(
    coll: Collection, args: tuple[Any, ...], kwargs: Mapping[str, Any], _: int | None
) -> Outcome:
    coll.index_field(*args, **kwargs)
    return Outcome(None, [])


def _drop_field(
    coll: Collection, args: tuple[Any, ...], kwargs: Mapping[str, Any], _: int | None
) -> Outcome:
    coll.drop_field(*args, **kwargs)
    return Outcome(None, [])


def _put_tokens(
    _: Collection, args: tuple[Any, ...], __: Mapping[str, Any], ___: int | None
) -> Outcome:
    return Outcome(len(args[0]), [])  # `Writes` puts them


def carry_out(collection: Collection, write: Write, threads: int | None) -> Outcome:
    """Do a write, in the batch of the calling thread.

    It raises before it changes anything, or breaks the batch, as the method does.
    """
    return OPERATIONS[write.operation](collection, write.args, write.kwargs, threads)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "add": _rows("add"),
    "clear": _clear,
    "delete": _delete,
    "drop_field": _drop_field,
    "index_field": _index_field,
    "put_rows": _put_rows,
    "put_tokens": _put_tokens,
    "set_payloads": _set_payloads,
    "update_payloads": _update_payloads,
    "upsert": _rows("upsert"),
}
