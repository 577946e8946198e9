"""The test stand: data sets and built indexes, each made once a run and shared by benchmarks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .data import Dataset, Truth, find_truth, load_real, make_synthetic
from .peers import DRIVERS, Peer
from .settings import Settings
from .timing import Lap, lap
from .vdb_driver import Single, Vdb


@dataclass
class Stand:
    """Everything benchmarks have in common. Not thread-safe."""

    settings: Settings
    _datasets: dict[str, Dataset] = field(default_factory=dict)
    _built: dict[tuple[str, str, str], Peer] = field(default_factory=dict)
    _databases: dict[int, Vdb] = field(default_factory=dict)

    def dataset(self, name: str) -> Dataset:
        """Return the set called "real" or "synthetic"."""
        if name not in self._datasets:
            if name == "real":
                limit = 5_000 if self.settings.quick else None
                self._datasets[name] = load_real(self.settings.data, limit=limit)
            else:
                self._datasets[name] = make_synthetic(self.settings.synthetic_size)
        return self._datasets[name]

    def truth(self, dataset: Dataset, metric: str) -> Truth:
        """Exact neighbours."""
        return find_truth(dataset, metric, self.settings.k, self.settings.cache)

    def new_peer(self, name: str, dataset: Dataset, metric: str) -> Peer:
        """Return an empty index; the caller builds and closes it."""
        if name == "vdb":
            return Vdb(metric, dataset.dim, self.settings.scratch)
        return DRIVERS[name](metric, dataset.dim)

    def build(self, peer: Peer, dataset: Dataset) -> Lap:
        """Build at the run's parameters, and say how long that took."""
        settings = self.settings
        return lap(
            lambda: peer.build(
                dataset.vectors,
                M=settings.M,
                ef_construction=settings.ef_construction,
                threads=settings.threads,
            )
        )

    def peers(self, dataset: Dataset, metric: str) -> list[Peer]:
        """Built indexes: vdb first where it is there, then the others; kept until `release`."""
        names = (["vdb"] if self.settings.with_vdb else []) + list(self.settings.peers)
        for name in names:
            key = (name, dataset.name, metric)
            if key not in self._built:
                peer = self.new_peer(name, dataset, metric)
                self.build(peer, dataset)
                self._built[key] = peer
        return [self._built[name, dataset.name, metric] for name in names]

    def contestants(self, dataset: Dataset, metric: str) -> list[Peer]:
        """As `peers`, and vdb a second time, asked one query at a time."""
        peers = self.peers(dataset, metric)
        singles = [Single(peer) for peer in peers if isinstance(peer, Vdb)]
        return [*peers, *singles]

    def database(self, size: int) -> Path:
        """Directory of a closed vdb database with the first `size` synthetic vectors, l2."""
        if size not in self._databases:
            whole = self.dataset("synthetic")
            part = Dataset("synthetic", whole.vectors[:size], whole.queries)
            peer = Vdb("l2", part.dim, self.settings.scratch)
            self.build(peer, part)
            peer.leave()
            self._databases[size] = peer
        return self._databases[size].path

    def release(self) -> None:
        """Close every index that was built, and delete every database."""
        for peer in [*self._built.values(), *self._databases.values()]:
            peer.close()
        self._built.clear()
        self._databases.clear()

    def cases(self, offered: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Dataset, str]]:
        """Every data set with each of its metrics, as far as the run asks for them."""
        for name, metrics in offered.items():
            for metric in metrics:
                if name in self.settings.sets and metric in self.settings.metrics:
                    yield self.dataset(name), metric
