"""What the parts of `ShardedCollection` share: its shards, and the twin that checks arguments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vdb.api import filter_warning
from vdb.api.collection import Collection
from vdb.cluster.client.gathering import Gathering
from vdb.cluster.client.routing import Call, Router
from vdb.cluster.client.session import Session
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments, inputs
from vdb.model.records import Id
from vdb.model.unpicklable import Handle
from vdb.store.format.headers import CollectionHeader

__all__ = ["ShardedHandle", "allows_part"]


class ShardedHandle(Handle):
    """A collection whose records lie in several databases."""

    def __init__(
        self,
        session: Session,
        name: str,
        *,
        metric: str | None = None,
        dim: int | None = None,
        model: str | None = None,
        payload_encoder: Any = None,
    ) -> None:
        """Looks the collection up in the map, and compares it with what is expected."""
        self._session = session
        self._router = Router(session, name)
        self._gathering = Gathering()
        self._kind: str | None = None  # of the ids, as far as this object knows
        schema = session.schema(self._router.collection())
        self._checks = session.twins.twin(
            schema, metric=metric, dim=dim, model=model, payload_encoder=payload_encoder
        )

    @property
    def name(self) -> str:
        """The collection's name."""
        return self._router.name

    def _place(self) -> Path:
        return Path(self._session.url)

    def _not_sent(self) -> ArgumentTypeError:
        kind = type(self).__name__
        return ArgumentTypeError(
            f"a {kind} belongs to the process that opened the cluster, and cannot be pickled or "
            f"copied; open it in the worker: vdb.cluster.open({self._session.url!r})",
            expected="what can be pickled",
            received=kind,
        )

    def _twin(self) -> Collection:
        """The twin, brought to the schema of the newest map that is known.

        Raises:
            NotFoundError: The collection was dropped.
            ClosedError: The cluster is closed.
            ForkError: It was opened in the process before a fork.
        """
        self._session.twins.follow(self._session.schema(self._router.collection()))
        return self._checks

    def _header(self) -> CollectionHeader:
        """The header of the twin: the schema, without what belongs to records."""
        twin = self._twin()
        with twin._reading_view() as (_, view):  # noqa: SLF001 - the twin has no other name for it
            return view.header

    @contextmanager
    def _checking(self) -> Iterator[Collection]:
        """The twin, to be called with the arguments; what it says of filters is no warning."""
        twin = self._twin()
        with filter_warning.remarks():
            yield twin

    def _seconds(self, timeout: float | None) -> float:
        """The time that a call may take.

        Raises:
            InvalidArgumentError: It is not above zero.
        """
        if timeout is None:
            return self._session.timeout
        seconds = arguments.number("timeout", timeout)
        if not 0 < seconds < float("inf"):
            raise InvalidArgumentError(
                f"timeout must be above 0 seconds, got {seconds}",
                expected="above 0",
                received=timeout,
            )
        return seconds

    def _shards(self) -> list[str]:
        """The names of the shards."""
        return [shard.id for shard in self._router.collection().shards]

    def _id_kind(self) -> str | None:
        """The kind of the ids that are there, as the shards say; None where there never was one."""
        parts = self._router.everywhere(Call("info"), timeout=self._session.timeout)
        kinds = (part.id_kind for part in parts.results.values())
        self._kind = next((kind for kind in kinds if kind is not None), None)
        return self._kind

    def _require_kind(self, ids: list[Id], argument: str = "") -> None:
        """Refuse ids of the other kind than those that are there.

        Two programs whose very first records have ids of different kinds, at the same time and on
        different shards, are not kept apart; searches then refuse to mix the two.
        """
        if inputs.id_kind(ids[:1]) != self._kind:
            inputs.require_id_kind(self.name, self._id_kind(), ids[:1], argument=argument)

    def _one_shard(self, shard: str | None) -> str:
        """The shard that a measurement is of; it must be named where there are several.

        Raises:
            InvalidArgumentError: It is not named, and there are several.
        """
        names = self._shards()
        if shard is None and len(names) == 1:
            return names[0]
        if shard is None:
            raise InvalidArgumentError(
                f"collection {self.name!r} has {len(names)} shards, and this is measured on one of "
                f"them: shard= names it, one of {', '.join(names)}",
                expected=names,
                received=None,
            )
        return arguments.text("shard", shard)

    def _of_one_shard(self, shard: str | None, call: Call, timeout: float | None = None) -> Any:
        """What one shard answers."""
        return self._router.at(self._one_shard(shard), call, timeout=self._seconds(timeout))

    def _of_record(self, call: Call, record: object, timeout: float | None) -> Any:
        """What the shard of an id answers."""
        plain = inputs.one_id(record)
        answers = self._router.ask(
            lambda _: dict.fromkeys(self._router.owners([plain]), call),
            timeout=self._seconds(timeout),
        )
        return next(iter(answers.results.values()))


def allows_part(partial: object) -> bool:
    """Whether ``partial=`` lets shards be missing.

    Raises:
        InvalidArgumentError: It is neither "refuse" nor "allow".
    """
    return arguments.choice("partial", partial, ("refuse", "allow")) == "allow"
