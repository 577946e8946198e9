"""The calls by which shards are run and reached; an engine has nothing else, and knows no data."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

from vdb.cluster.shards.shard_place import ShardPlace

__all__ = ["Engine", "Reply", "RunningShard"]


class RunningShard(NamedTuple):
    """A shard that an engine runs.

    Attributes:
        shard: Its name.
        node: Where it runs, as the engine calls it.
        since: When it was started, in seconds since 1970 UTC; None where it does not answer.
    """

    shard: str
    node: str
    since: float | None


@runtime_checkable
class Reply(Protocol):
    """The result of a call, once it is there. It may be an argument of another call."""

    def result(self, timeout: float | None = None) -> Any:
        """Waits for the result, at most `timeout` seconds; None for those of the call.

        Raises:
            ShardUnavailableError: The shard did not answer in time, or is gone. The call may have
                been carried out, and may be going on.
            EngineError: The engine failed.
            VdbError: The method raised it.
        """


class Engine(Protocol):
    """Runs shards. Threads may share it."""

    def start(self, place: ShardPlace) -> None:
        """Starts a shard, or finds the one that runs. One of another place is stopped first.

        Raises:
            ShardUnavailableError: It cannot be opened.
            EngineError: There is nothing to run it on.
            VdbError: As for `Shard`.
        """

    def find(self, shard: str) -> bool:
        """Whether a shard runs."""

    def call(
        self, shard: str, method: str, /, *args: Any, timeout: float | None = None, **kwargs: Any
    ) -> Reply:
        """Calls a public method of a shard, and does not wait for it.

        Args:
            shard: Its name.
            method: A public method of `Shard`.
            args: Its arguments, which can be pickled; a `Reply` stands for its result.
            timeout: Seconds in which the result must be there; None: no such limit.
            kwargs: More of its arguments.

        Raises:
            ShardUnavailableError: The shard does not run.
        """

    def stop(self, shard: str) -> None:
        """Closes a shard; nothing where it does not run."""

    def list(self) -> list[RunningShard]:
        """The shards that run, by name."""

    def close(self) -> None:
        """Lets go of the engine. Shards of this process are closed, those of others go on."""
