"""Writes of a shard as entries of its log, and back.

An entry holds what it takes to make the same write again in the state before it: rows as they are
stored, ids instead of a filter, and whole payloads instead of changes of payloads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from vdb.api.collection import Collection
from vdb.cluster.metadata.log_entry import LogEntry
from vdb.cluster.shards.operations import Outcome, Write
from vdb.cluster.shards.rows import ShardRows, rows_of, vector_argument
from vdb.cluster.shards.state import decode_result, encode_result
from vdb.errors import CorruptedError
from vdb.model.inputs import ColumnNames
from vdb.model.records import Id, Ids
from vdb.model.text_field import Text
from vdb.store.format.decoder import Fields
from vdb.store.format.payloads import Payloads

__all__ = ["REBUILD", "LoggedWrite", "entry_of", "rebuild_entry", "write_of"]

REBUILD: Final = "rebuild"
"""Not a write: the generation was changed between the commits before and behind."""

_NAMES: Final = ColumnNames()


class LoggedWrite(NamedTuple):
    """A write, to be made again, and what it returned."""

    write: Write
    result: Any


def entry_of(collection: Collection, write: Write, outcome: Outcome) -> LogEntry:
    """The entry of a write that was carried out, inside its batch."""
    token, operation, args, kwargs = write
    result = {"result": encode_result(outcome.result)}
    ids = _id_column(outcome.ids)
    if operation in ("add", "upsert"):
        named = dict(zip(("ids", "vectors", "payloads"), args, strict=False)) | dict(kwargs)
        rows = collection._rows(  # noqa: SLF001 - what `add` begins with
            named["ids"], named.get("vectors"), named.get("payloads"), _NAMES
        )
        parts = [part for part in rows.vectors.parts if len(part)]
        return LogEntry(
            token,
            operation,
            _id_column(rows.ids),
            np.concatenate(parts) if parts else None,
            rows.payloads,
            rows.bare,
            {**result, "on_duplicate": kwargs.get("on_duplicate", "error")},
        )
    if operation == "put_rows":
        (moved,) = args
        more = {**result, "absent": list(moved.absent)}
        return LogEntry(
            token, operation, _id_column(moved.ids), moved.vectors, moved.payloads, moved.bare, more
        )
    if operation == "put_tokens":
        tokens = [[name, dict(encoded)] for name, encoded in args[0]]
        return LogEntry(token, operation, more={**result, "tokens": tokens})
    if operation in ("set_payloads", "update_payloads"):
        chosen = list(dict.fromkeys(outcome.ids))
        stored = rows_of(collection, chosen)
        return LogEntry(
            token, "set_payloads", _id_column(stored.ids), payloads=stored.payloads, more=result
        )
    if operation == "index_field":
        named = dict(zip(("path", "type"), args, strict=False)) | dict(kwargs)
        more = {**result, "path": named["path"], "type": _type_to_plain(named["type"])}
        return LogEntry(token, operation, more=more)
    if operation == "drop_field":
        more = {**result, "path": args[0] if args else kwargs["path"]}
        return LogEntry(token, operation, more=more)
    if operation == "clear":
        return LogEntry(token, operation, more=result)
    return LogEntry(token, operation, ids, more=result)


def rebuild_entry(token: str, target: Mapping[str, Any]) -> LogEntry:
    """The entry of a change-over; `target` is what the generation in use is now."""
    return LogEntry(
        token, REBUILD, more={"result": encode_result(None), "generation": dict(target)}
    )


def write_of(entry: LogEntry, where: str) -> LoggedWrite:
    """The write of an entry.

    Raises:
        CorruptedError: The entry is no write.
    """
    fields = Fields(dict(entry.more), where)
    result = decode_result(fields.map("result").rest(), where)
    kwargs: dict[str, Any] = {}
    if entry.op in ("add", "delete", "put_rows", "set_payloads", "upsert"):
        args = _row_arguments(entry, fields)
        rule = fields.text("on_duplicate", 16) if entry.op in ("add", "upsert") else ""
        kwargs = {"on_duplicate": rule} if entry.op == "add" else {}
    elif entry.op == "put_tokens":
        args = ([(str(name), dict(one)) for name, one in fields.items("tokens", 1 << 20)],)
    elif entry.op == "index_field":
        args = (fields.text("path", 4096), _type_of(fields.anything("type")))
    elif entry.op == "drop_field":
        args = (fields.text("path", 4096),)
    elif entry.op == "clear":
        args = ()
    elif entry.op == REBUILD:
        args, kwargs = (), fields.map("generation").rest()
    else:
        raise CorruptedError(f"{entry.op!r} is no write of a shard", where=where)
    fields.end()
    return LoggedWrite(Write(entry.token, entry.op, args, kwargs), result)


def _row_arguments(entry: LogEntry, fields: Fields) -> tuple[Any, ...]:
    """The arguments of a write of rows."""
    ids = [] if entry.ids is None else _plain(entry.ids)
    encoded = list(entry.payloads or [None] * len(ids))
    if entry.op == "delete":
        return (ids,)
    if entry.op == "put_rows":
        absent = fields.items("absent", 1 << 30)
        return (ShardRows(ids, entry.vectors, entry.bare, encoded, absent),)
    payloads = list(Payloads(encoded))
    if entry.op == "set_payloads":
        return ids, payloads
    vectors = vector_argument(entry.vectors, entry.bare)
    return ids, vectors, payloads if any(one is not None for one in encoded) else None


def _id_column(ids: list[Id] | Ids) -> Ids:
    return ids if len(ids) and isinstance(ids[0], str) else np.asarray(ids, dtype=np.int64)


def _plain(ids: Ids) -> list[Id]:
    return ids if isinstance(ids, list) else ids.tolist()


def _type_to_plain(kind: str | Text) -> Any:
    if not isinstance(kind, Text):
        return kind
    return {
        "analyzer": kind.analyzer_name,
        "stored": kind.stored,
        "positions": kind.positions,
    }


def _type_of(plain: Any) -> str | Text:
    if isinstance(plain, str):
        return plain
    fields = Fields(plain, "type")
    return Text(
        fields.text("analyzer", 256),
        stored=fields.flag("stored"),
        positions=fields.flag("positions"),
    )
