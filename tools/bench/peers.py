"""Who is measured in this very process: one small protocol, and some drivers of the field."""

import importlib
import importlib.metadata
from collections.abc import Callable
from typing import Final, Protocol

from .metrics import Floats, Ids


class Peer(Protocol):
    """An index over rows 0..n-1 of one array, which are its ids too."""

    name: str

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors from nothing; a second call starts anew."""

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids, nearest first, on one thread; -1 fills what was not found."""

    def close(self) -> None:
        """Free memory and files."""


def _driver(module: str, kind: str) -> Callable[[str, int], Peer]:
    """A driver of the field, in this process; its library is imported when one is made."""

    def make(metric: str, dim: int) -> Peer:
        drivers = importlib.import_module(f"tools.bench.field.drivers.{module}")
        peer: Peer = getattr(drivers, kind)(metric, dim)
        peer.name = module
        return peer

    return make


DRIVERS: Final[dict[str, Callable[[str, int], Peer]]] = {
    "hnswlib": _driver("hnswlib", "Hnswlib"),
    "faiss": _driver("faiss", "Faiss"),
    "usearch": _driver("usearch", "Usearch"),
}
PACKAGES: Final = {"faiss": "faiss-cpu"}  # where the package is not called like the module


def version(name: str) -> str | None:
    """Installed version of a library, or None."""
    try:
        return importlib.metadata.version(PACKAGES.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return None
