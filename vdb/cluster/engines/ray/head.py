"""Questions to Ray's head, which may be gone: Ray itself would wait for it for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from vdb.errors import EngineError

__all__ = ["asked"]

_SECONDS: Final = 15.0

_Answer = TypeVar("_Answer")


def asked(question: Callable[..., _Answer], *arguments: Any, seconds: float = _SECONDS) -> _Answer:
    """What the head answers.

    The question runs on a thread of its own, which is left behind where no answer comes.

    Raises:
        EngineError: No answer in time.
        Exception: What the question raises.
    """
    answers: list[_Answer] = []
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            answers.append(question(*arguments))
        except BaseException as error:  # noqa: BLE001 - raised below, on the thread of the caller
            errors.append(error)

    thread = threading.Thread(target=ask, daemon=True, name="vdb-ray-head")
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise EngineError(
            f"Ray's head does not answer within {seconds:g} s; when it is there again, open the "
            "cluster anew: shards are started from the map"
        )
    return answers[0]
