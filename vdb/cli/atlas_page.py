"""The server of embedding-atlas, as a process of its own, on the loopback address."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any, Final

from vdb.errors import DiskError

__all__ = ["columns_of", "require", "served", "shell_line"]

_LOOPBACK: Final = "127.0.0.1"
_SECONDS: Final = 120.0  # for its start: it imports much
_BETWEEN: Final = 0.05


def require() -> None:
    """Raise ModuleNotFoundError, which names the extra, where embedding-atlas is not installed."""
    if importlib.util.find_spec("embedding_atlas") is None:
        raise ModuleNotFoundError(
            "vdb atlas shows its map with embedding-atlas, which is not installed: "
            "pip install 'vdb[atlas]'; --output FILE only writes it",
            name="embedding_atlas",
        )


def columns_of(file: Path) -> dict[str, Any]:
    """Which columns of a file hold x, y, the neighbours and the texts."""
    from vdb.exports.data.atlas import METADATA
    from vdb.sources.reading.libraries import needed

    parquet = needed("pyarrow.parquet", "pyarrow", "reading Parquet files")
    facts = json.loads(parquet.read_schema(file).metadata[METADATA.encode()])
    return {name: facts[name] for name in ("x", "y", "neighbors", "text") if name in facts}


def shell_line(file: Path) -> str:
    """The command that shows a file."""
    return shlex.join(["embedding-atlas", str(file), *_column_options(file)])


def _column_options(file: Path) -> list[str]:
    # With "=", because a column may be called "--host".
    return [f"--{name}={column}" for name, column in columns_of(file).items()]


@contextmanager
def served(file: Path, port: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Serves a file; yields the address of the page, and a function that waits.

    Ctrl-C or SIGTERM in the block ends the block, and the server.

    Args:
        file: The Parquet file.
        port: The port; 0 for any that is free.

    Raises:
        DiskError: The port cannot be had, or the server ends by itself.
    """
    port = _free_port(port)
    signal.signal(signal.SIGTERM, _stop)  # so that SIGTERM does not leave the server behind
    # Without its folder, which the page would show as the name of the file. -P: no module of it.
    command = [sys.executable, "-P", "-m", "embedding_atlas.cli", file.name]
    command += [*_column_options(file), "--host", _LOOPBACK, "--port", str(port)]
    command += ["--no-auto-port", "--no-mcp"]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        process = subprocess.Popen(  # noqa: S603 - this Python, and names of columns
            command,
            cwd=file.parent,
            env=offline,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        try:
            _await(process, port, complaints)
            with suppress(KeyboardInterrupt):
                yield f"http://{_LOOPBACK}:{port}/", lambda: _wait(process, complaints)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise DiskError(f"port {port} of {_LOOPBACK} is taken, or may not be used") from error
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], port: int, complaints: IO[str]) -> None:
    """Returns when the server answers."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise _ended(complaints)
        with socket.socket() as probe:
            if probe.connect_ex((_LOOPBACK, port)) == 0:
                return
        time.sleep(_BETWEEN)
    raise DiskError(f"embedding-atlas did not answer in {_SECONDS:.0f} seconds")


def _wait(process: subprocess.Popen[bytes], complaints: IO[str]) -> None:
    """Waits for the server, which ends by itself only where something is wrong."""
    process.wait()
    raise _ended(complaints)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ended(complaints: IO[str]) -> DiskError:
    complaints.seek(0)
    lines = complaints.read().split("\n")
    last = next((one.strip() for one in reversed(lines) if one.strip()), "it gave no reason")
    return DiskError(f"embedding-atlas ended: {last}")
