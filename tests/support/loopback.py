"""Whether a program can talk to itself: a network of its own without any device cannot."""

from __future__ import annotations

import socket


def _reachable() -> bool:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        try:
            socket.create_connection(server.getsockname(), timeout=5).close()
        except OSError:
            return False
        return True


HAS_LOOPBACK = _reachable()
