"""Ray itself, and what is said where it is not installed."""

from __future__ import annotations

from vdb.errors import EngineError

__all__ = ["ray"]

try:
    import ray
except ImportError as error:
    raise EngineError(
        'engine="ray" needs Ray, which is not installed: pip install "vdb[ray]"',
        expected="ray",
        received=None,
    ) from error
