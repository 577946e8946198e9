"""Results on their way, and Ray's errors as ours.

Ray makes one class of the error that an actor raised and its own, whose text is the traceback of
another machine. What is raised here is the error itself, as the shard raised it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from vdb.cluster.engines.ray.arrays import owned
from vdb.cluster.engines.ray.library import ray
from vdb.errors import EngineError, VdbError

__all__ = ["RayReply", "raised_error", "resolved"]

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_MOST_TEXT: Final = 500


class RayReply:
    """The result of a call that was sent.

    It may be an argument of another call; the result then goes from node to node.
    """

    __slots__ = ("_answered", "_timeout", "_unavailable", "ref")

    def __init__(
        self,
        ref: Any,
        timeout: float | None,
        unavailable: Callable[[str, BaseException | None], VdbError],
        answered: Callable[[], None],
    ) -> None:
        """`unavailable` makes the error of a shard that does not answer, from a reason."""
        self.ref = ref
        self._timeout = timeout
        self._unavailable = unavailable
        self._answered = answered

    def result(self, timeout: float | None = None) -> Any:
        """The result; arrays are read-only.

        Args:
            timeout: Seconds; None: those of the call, or for ever. The call itself goes on.

        Raises:
            ShardUnavailableError: No answer in time, or the shard's process or node is gone: what
                was asked may have been done, or not.
            EngineError: Ray failed.
            VdbError: As the method of the shard raises.
        """
        seconds = self._timeout if timeout is None else timeout
        try:
            value = ray.get(self.ref, timeout=seconds)
        except ray.exceptions.GetTimeoutError as error:
            raise self._unavailable(f"no answer within {seconds:g} s", error) from None
        except ray.exceptions.RayTaskError as error:
            self._answered()
            raise raised_error(error) from None
        except ray.exceptions.RayError as error:
            reason = _lost(error)
            if reason is None:
                raise EngineError(f"Ray failed: {_text(error)}") from error
            raise self._unavailable(reason, error) from error
        self._answered()
        return owned(value)


def resolved(value: Any) -> Any:
    """An argument as Ray takes it."""
    return value.ref if isinstance(value, RayReply) else value


def raised_error(error: Any) -> BaseException:
    """What an actor raised, of Ray's `RayTaskError`: ours as it is, anything else in ours."""
    cause = error.cause
    while isinstance(cause, ray.exceptions.RayTaskError):  # of a result that was an argument
        cause = cause.cause
    if isinstance(cause, VdbError):
        return cause
    told = cause if isinstance(cause, Exception) else error
    raised = EngineError(f"a shard failed: {type(told).__name__}: {_text(told)}")
    raised.__cause__ = told
    return raised


def _lost(error: Any) -> str | None:
    """Why a shard does not answer; None where that is not what the error says."""
    lost = ray.exceptions
    if isinstance(error, lost.ActorUnavailableError):
        return "its process is starting anew, or its node does not answer"
    if isinstance(error, lost.ActorDiedError):
        return "its process ended"
    if isinstance(error, lost.RayActorError | lost.WorkerCrashedError | lost.NodeDiedError):
        return "its process or node ended"
    if isinstance(error, lost.ObjectLostError | lost.OwnerDiedError):
        return "its result was lost with a node"
    return None


def _text(error: BaseException) -> str:
    return _ANSI.sub("", str(error)).strip()[:_MOST_TEXT]
