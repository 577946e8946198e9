"""The writes of `ShardedCollection`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.api.collection import Collection
from vdb.cluster.client.documented import as_embedded
from vdb.cluster.client.generations import follow_generations
from vdb.cluster.client.handle import ShardedHandle
from vdb.cluster.client.routing import Call
from vdb.cluster.client.rows import check_payloads, prepared_rows
from vdb.cluster.client.schema_changes import declare_field, undeclare_field
from vdb.cluster.client.writing import EveryShard, RowParts, Write, new_token
from vdb.errors import DuplicateIdError, InvalidArgumentError, NotFoundError
from vdb.index import ingest, payload_update
from vdb.model import arguments, config, filters, inputs
from vdb.model.filters.field_types import field_type
from vdb.model.filters.paths import path_of
from vdb.model.inputs import ColumnNames
from vdb.model.payload_changes import REMOVE, PayloadChange
from vdb.model.records import Id, Payload, Progress, Table
from vdb.model.results import WriteCounts
from vdb.model.text_field import Text
from vdb.query.filter_match import narrow
from vdb.store.format.payloads import Payloads

__all__ = ["ShardedWrites"]


class ShardedWrites(ShardedHandle):
    """Writes to a sharded collection: whole on each shard, once for each token."""

    @as_embedded(Collection.add)
    def add(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        vectors: ArrayLike | Sequence[ArrayLike | None] | Table | None = None,
        payloads: Sequence[Payload] | Payload = None,
        *,
        id: str = "id",  # noqa: A002 - a public name
        vector: str = "vector",
        payload: str | Sequence[str] | bool | None = None,
        on_duplicate: str = "error",
        threads: int | None = None,
        progress: Progress | None = None,
        token: str | None = None,
        precheck: bool = False,
        timeout: float | None = None,
    ) -> WriteCounts:
        """Each shard adds its rows in one commit, or none of them.

        Everything that does not depend on the records that are there is checked before anything is
        sent. An id that exists makes its shard refuse its part, while others may have theirs:
        `PartialWriteError`. `progress` is called when a shard is done; an exception from it undoes
        nothing.

        Args:
            token: Of a call that ended in `PartialWriteError`: the same call with it finishes it,
                and does nothing twice. Any text that no other write has.
            precheck: Look for the ids on all shards first, which costs one more round, and is no
                lock against others who add them at the same time.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        arguments.callback("progress", progress)
        rule = arguments.choice("on_duplicate", on_duplicate, ingest.ON_DUPLICATE)
        look = arguments.truth("precheck", precheck)
        names = ColumnNames.checked(id, vector, payload)
        options = {"on_duplicate": rule, "threads": _threads(threads)}
        return self._put(
            "add", (ids, vectors, payloads, names), options,
            repeats=rule != "error", precheck=look and rule == "error",
            progress=progress, token=token, timeout=timeout,
        )  # fmt: skip

    @as_embedded(Collection.upsert)
    def upsert(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        vectors: ArrayLike | Sequence[ArrayLike | None] | Table | None = None,
        payloads: Sequence[Payload] | Payload = None,
        *,
        id: str = "id",  # noqa: A002 - a public name
        vector: str = "vector",
        payload: str | Sequence[str] | bool | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
        token: str | None = None,
        timeout: float | None = None,
    ) -> WriteCounts:
        """Each shard writes its rows in one commit, or none of them.

        Args:
            token: As for `add`.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        arguments.callback("progress", progress)
        names = ColumnNames.checked(id, vector, payload)
        return self._put(
            "upsert", (ids, vectors, payloads, names), {"threads": _threads(threads)},
            repeats=True, progress=progress, token=token, timeout=timeout,
        )  # fmt: skip

    def _put(
        self,
        operation: str,
        given: tuple[Any, Any, Any, ColumnNames],
        options: dict[str, Any],
        *,
        repeats: bool,
        precheck: bool = False,
        progress: Progress | None,
        token: str | None,
        timeout: float | None,
    ) -> WriteCounts:
        name, seconds = _token(token), self._seconds(timeout)
        twin = self._twin()
        rows = prepared_rows(twin, self._header(), given, repeats=repeats)
        if not len(rows.ids):
            return WriteCounts()
        self._require_kind(list(rows.ids[:1]))
        if precheck:
            self._refuse_existing(rows.ids, seconds)

        def show(done: int) -> None:
            if progress is not None:
                progress(done, len(rows.ids))

        def call(places: NDArray[np.intp]) -> Call:
            return Call(operation, rows.taken(places), options)

        counts = Write(self._router, RowParts(rows.ids, call, show), name, seconds).run()
        self._kind = inputs.id_kind(list(rows.ids[:1]))
        return WriteCounts(
            sum(one.added for one in counts),
            sum(one.replaced for one in counts),
            sum(one.skipped for one in counts),
        )

    @as_embedded(Collection.set_payloads)
    def set_payloads(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        payloads: Sequence[Payload] | Payload = ...,
        *,
        id: str = "id",  # noqa: A002 - a public name
        vector: str = "vector",
        payload: str | Sequence[str] | bool | None = None,
        token: str | None = None,
        precheck: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Each shard changes its records in one commit, or none of them.

        Args:
            token: As for `add`.
            precheck: Look first whether all ids have records, which costs one more round.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        name, seconds = _token(token), self._seconds(timeout)
        look = arguments.truth("precheck", precheck)
        names = ColumnNames.checked(id, vector, payload)
        columns = inputs.payload_columns_of(ids, payloads, names)
        id_list = inputs.id_list(columns.ids, name=columns.id_name)
        twin = self._twin()
        encoded = twin._prepared(  # noqa: SLF001 - what the embedded method begins with
            lambda row_format: ingest.encode_payloads(
                columns.payloads,
                len(id_list),
                one=inputs.is_one_id(columns.ids),
                moments=row_format.moments,
                encoder=twin._encoder,  # noqa: SLF001
            )
        )
        check_payloads(self._header(), encoded)
        self._require_kind(id_list)
        if look:
            self._require_existing(id_list, seconds)

        def call(places: NDArray[np.intp]) -> Call:
            own = list(Payloads([encoded[place] for place in places.tolist()]))
            return Call("set_payloads", ([id_list[place] for place in places.tolist()], own))

        if id_list:
            Write(self._router, RowParts(id_list, call), name, seconds).run()

    @as_embedded(Collection.update_payloads)
    def update_payloads(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | None = None,
        changes: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        token: str | None = None,
        precheck: bool = False,
        timeout: float | None = None,
    ) -> int:
        """Each shard changes its records in one commit, or none of them.

        Args:
            token: As for `add`.
            precheck: Look first whether all ids have records, which costs one more round.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        if (ids is None) == (where is None):
            raise InvalidArgumentError(
                "update_payloads needs one of ids= and where=",
                expected="ids or where",
                received=None,
            )
        name, seconds = _token(token), self._seconds(timeout)
        look = arguments.truth("precheck", precheck)
        id_list = None if ids is None else inputs.id_list(ids)
        one_change = id_list is None or inputs.is_one_id(ids)
        rows = None if one_change or id_list is None else len(id_list)
        changes = inputs.rereadable("changes", changes)
        twin = self._twin()
        prepared = twin._prepared(  # noqa: SLF001 - what the embedded method begins with
            lambda row_format: payload_update.prepare_changes(
                changes,
                rows,
                row_format,
                encoder=twin._encoder,  # noqa: SLF001
            )
        )
        if id_list is None:
            with self._checking() as checks:
                checks.count(where)
            call = Call("update_payloads", (None, _mapping(prepared)), {"where": where})
            return _total(Write(self._router, EveryShard(call), name, seconds).run())
        self._require_kind(id_list)
        if look:
            self._require_existing(id_list, seconds)

        def call_of(places: NDArray[np.intp]) -> Call:
            listed = places.tolist()
            own: Any = _mapping(prepared)
            if not isinstance(prepared, PayloadChange):
                own = [_mapping(prepared[place]) for place in listed]
            return Call("update_payloads", ([id_list[place] for place in listed], own))

        if not id_list:
            return 0
        return _total(Write(self._router, RowParts(id_list, call_of), name, seconds).run())

    @as_embedded(Collection.delete)
    def delete(
        self,
        ids: Id | Iterable[Id] | NDArray[Any] | None = None,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        token: str | None = None,
        timeout: float | None = None,
    ) -> int:
        """Each shard removes its records in one commit, or none of them.

        Args:
            token: As for `add`.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        if (ids is None) == (where is None):
            raise InvalidArgumentError(
                "delete needs one of ids= and where=; clear() removes all records",
                expected="ids or where",
                received=None,
            )
        name, seconds = _token(token), self._seconds(timeout)
        id_list = inputs.id_list(() if ids is None else ids, ordered=False)
        if where is not None:
            condition = narrow(where)
            with self._checking() as checks:
                checks.count(condition)
            call = Call("delete", (), {"where": condition})
            return _total(Write(self._router, EveryShard(call), name, seconds).run())
        if not id_list:
            return 0
        self._require_kind(id_list)

        def call_of(places: NDArray[np.intp]) -> Call:
            return Call("delete", ([id_list[place] for place in places.tolist()],))

        return _total(Write(self._router, RowParts(id_list, call_of), name, seconds).run())

    @as_embedded(Collection.clear)
    def clear(self, *, token: str | None = None, timeout: float | None = None) -> int:
        """One commit on each shard.

        Args:
            token: As for `add`.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        name, seconds = _token(token), self._seconds(timeout)
        self._twin()
        removed = _total(Write(self._router, EveryShard(Call("clear")), name, seconds).run())
        self._kind = None
        follow_generations(self._session, self.name, seconds)
        return removed

    @as_embedded(Collection.rows_within)
    def rows_within(self, memory_limit: int, *, threads: int | None = None) -> int:
        """It is that of an empty shard that gets all rows of a call: there are no more for one."""
        return self._twin().rows_within(memory_limit, threads=threads)

    @as_embedded(Collection.index_field)
    def index_field(
        self,
        path: str,
        type: str | Text,  # noqa: A002 - a public name
        *,
        timeout: float | None = None,
    ) -> None:
        """All shards build their index, one commit each, and then the map has the field.

        Where a shard refuses, the others drop it again. The same call goes on after an
        interruption.

        Args:
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        seconds = self._seconds(timeout)
        name, kind = field_type(path, type)
        declare_field(self._router, name, kind, seconds)

    @as_embedded(Collection.drop_field)
    def drop_field(self, path: str, *, timeout: float | None = None) -> None:
        """All shards drop their index, and then the map has the field no more.

        Args:
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        seconds = self._seconds(timeout)
        undeclare_field(self._router, arguments.text("path", path), seconds)

    # What they share

    def _existing(self, ids: list[Id], seconds: float) -> set[Id]:
        """Which of these ids have a record."""

        def calls(_: Sequence[str]) -> dict[str, Call]:
            return {
                shard: Call("ids", (), {"where": filters.ID.isin([ids[i] for i in own.tolist()])})
                for shard, own in self._router.owners(ids).items()
            }

        found: set[Id] = set()
        for part in self._router.ask(calls, timeout=seconds).results.values():
            found.update(part)
        return found

    def _refuse_existing(self, ids: Any, seconds: float) -> None:
        existing = self._existing(list(ids), seconds)
        for i, value in enumerate(ids):
            if value in existing:
                raise DuplicateIdError(
                    f"ids[{i}]: collection {self.name!r} has a record {value!r} already; "
                    'upsert replaces it, on_duplicate="skip" leaves it as it is',
                    expected="an id that is not there",
                    received=value,
                )

    def _require_existing(self, ids: list[Id], seconds: float) -> None:
        existing = self._existing(ids, seconds)
        for i, value in enumerate(ids):
            if value not in existing:
                raise NotFoundError(
                    f"ids[{i}]: collection {self.name!r} has no record {value!r}",
                    expected="an id that is there",
                    received=value,
                )


def _token(token: str | None) -> str:
    """The token of a write: the caller's, or a new one."""
    if token is None:
        return new_token()
    text = arguments.text("token", token)
    if not text or len(text) > _LONGEST_TOKEN or not text.isprintable():
        raise InvalidArgumentError(
            f"token must be 1 to {_LONGEST_TOKEN} printable characters, got {len(text)}",
            expected=(1, _LONGEST_TOKEN),
            received=token,
        )
    return text


_LONGEST_TOKEN = 256


def _total(counts: list[int]) -> int:
    """How many records all shards have changed."""
    return sum(counts)


def _threads(threads: int | None) -> int | None:
    return None if threads is None else config.thread_count(threads)


def _mapping(change: Any) -> Any:
    """A change as the mapping that it was made of."""
    if not isinstance(change, PayloadChange):
        return change
    values = {path_of(names): value for names, value in change.values}
    return values | {path_of(names): REMOVE for names in change.removed}
