"""The connection of this process with a cluster of Ray: one a process, as Ray has it."""

from __future__ import annotations

import os
import threading
from typing import Any, Final

from vdb.cluster.engines.ray.library import ray
from vdb.errors import EngineError, InvalidArgumentError

__all__ = ["NAMESPACE", "OBJECT_STORE_BYTES", "connect", "disconnect"]

NAMESPACE: Final = "vdb"
"""The namespace of the actors' names."""

OBJECT_STORE_BYTES: Final = 512 << 20
"""Of a Ray that is started here; its own choice is 30 % of memory, which then pages lack."""

_LOST_HEAD: Final = "RAY_gcs_rpc_server_reconnect_timeout_s"
"""Ray ends the whole program when its head is not there for so many seconds, 60 by default."""

_lock = threading.Lock()
_sessions = 0
_ours = False
"""How many engines are open; whether the first of them called `ray.init`. Under `_lock`."""


def connect(address: str | None, object_store_memory: int | None, options: dict[str, Any]) -> None:
    """Connects, unless the process is connected; then that connection is used.

    Args:
        address: The head's, as `ray.init` takes it. None: what RAY_ADDRESS or a cluster on this
            machine says; where there is none, Ray is started in this machine.
        object_store_memory: Bytes, for a Ray that is started here.
        options: More arguments of `ray.init`.

    Raises:
        EngineError: Ray cannot be reached or started, or has another version; with Ray's words.
        InvalidArgumentError: The process is connected with another address.
    """
    global _sessions, _ours  # noqa: PLW0603 - Ray's connection is the process's, too
    with _lock:
        if ray.is_initialized():
            _refuse_other(address)
        else:
            # Calls raise ShardUnavailableError instead; the program is the user's to end.
            os.environ.setdefault(_LOST_HEAD, str(7 * 24 * 3600))
            _init(address, object_store_memory, options)
            _ours, _sessions = True, 0
        _sessions += 1


def disconnect() -> None:
    """Ends the connection with the last engine, where an engine made it; actors go on."""
    global _sessions, _ours  # noqa: PLW0603 - as above
    with _lock:
        _sessions = max(0, _sessions - 1)
        if _ours and not _sessions and ray.is_initialized():
            ray.shutdown()
            _ours = False


def _init(address: str | None, object_store_memory: int | None, options: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {
        "namespace": NAMESPACE,
        "log_to_driver": False,
        "logging_level": "warning",
        **options,
    }
    size = OBJECT_STORE_BYTES if object_store_memory is None else object_store_memory
    try:
        if address is not None:
            ray.init(address=address, **arguments)
            return
        try:
            ray.init(address="auto", **arguments)
        except ConnectionError:
            ray.init(
                address="local", object_store_memory=size, include_dashboard=False, **arguments
            )
    except Exception as error:
        place = "Ray cannot be started" if address is None else f"Ray at {address} does not answer"
        raise EngineError(f"{place}: {error}", received=address) from error


def _refuse_other(address: str | None) -> None:
    if address in (None, "auto"):
        return
    current = ray.get_runtime_context().gcs_address
    if address != current and not str(address).startswith("ray://"):
        raise InvalidArgumentError(
            f"address={address!r}: this process is connected with Ray at {current} already; close "
            "that connection (ray.shutdown()), or leave address out",
            expected=current,
            received=address,
        )
