"""Live vectors that no walk from the entry point comes to, after duplicates and after churn."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from .churn import Changing, ChangingHnswlib, ChangingVdb
from .data import make_synthetic
from .metrics import Floats, Ids
from .report import Row
from .stand import Stand

DIM: Final = 32
COPIES: Final = 3_000
OTHERS: Final = 2_000
ROUNDS: Final = 10
K: Final = 10
EF: Final = 100


class History:
    """What is alive: ids and vectors, beside the collection that should hold the same.

    Every round deletes a fifth of the ids for good, replaces the vectors of a tenth of the rest,
    and adds new ids until there are as many as before: a fifth leaves, more than a fifth comes.
    """

    def __init__(self, vectors: Floats, fresh: Floats, seed: int) -> None:
        self.live = dict(enumerate(vectors))
        self._fresh = iter(fresh)
        self._next = len(vectors)
        self._rng = np.random.default_rng(seed)

    def fill(self, collection: Changing) -> None:
        """Add everything, in the order of ids."""
        collection.upsert(self.ids, self.vectors)

    @property
    def ids(self) -> Ids:
        """Live ids."""
        return np.fromiter(self.live, dtype=np.int64)

    @property
    def vectors(self) -> Floats:
        """Their vectors, in the same order."""
        return np.stack(list(self.live.values()))

    def turn(self, *collections: Changing) -> None:
        """One round, in all collections alike."""
        fifth = len(self.live) // 5
        removed = self._rng.choice(self.ids, fifth, replace=False)
        for one in removed.tolist():
            del self.live[one]
        replaced = self._rng.choice(self.ids, fifth // 2, replace=False)
        added = np.arange(self._next, self._next + fifth, dtype=np.int64)
        self._next += fifth
        ids = np.concatenate([replaced, added])
        vectors = np.stack([next(self._fresh) for _ in ids])
        self.live.update(zip(ids.tolist(), vectors, strict=True))
        for collection in collections:
            collection.delete(removed)
            collection.upsert(ids, vectors)


def run(stand: Stand) -> Iterator[Row]:
    """Tell three stories to every library and count after each."""
    scale = 5 if stand.settings.quick else 1
    copies, others, plain = COPIES // scale, OTHERS // scale, 10_000 // scale
    made = make_synthetic(others + plain, DIM, seed=11).vectors
    fresh = make_synthetic(4 * (copies + others + plain), DIM, seed=12).vectors
    same = np.repeat(made[:1], copies, axis=0)
    stories = {
        f"{copies:,} duplicates + {others:,} others": np.concatenate([same, made[:others]]),
        f"{plain:,} vectors": made[others:],
    }
    for title, vectors in stories.items():
        history = History(vectors, fresh, seed=13)
        collections = _collections(stand, 2 * len(vectors))
        for collection in collections:
            history.fill(collection)
        for collection in collections:
            yield _count(collection, history, title, "bulk load")
        for _ in range(ROUNDS):
            history.turn(*collections)
        for collection in collections:
            yield _count(collection, history, title, f"{ROUNDS} rounds")
            collection.close()


def _collections(stand: Stand, capacity: int) -> list[Changing]:
    settings = stand.settings
    collections: list[Changing] = []
    if settings.with_vdb:
        collections.append(
            ChangingVdb(
                DIM, settings.scratch, M=settings.M, ef_construction=settings.ef_construction
            )
        )
    if "hnswlib" in settings.peers:
        collections.append(
            ChangingHnswlib(DIM, capacity, M=settings.M, ef_construction=settings.ef_construction)
        )
    return collections


def _count(collection: Changing, history: History, title: str, after: str) -> Row:
    """Count what is not reached, not found by its own vector, and complained about by check."""
    ids, vectors = history.ids, history.vectors
    unreached = len(set(ids.tolist()) - collection.reached())
    missed = _missed(collection, history, vectors, EF)
    lost = len(_missed(collection, history, vectors[missed], len(ids))) if len(missed) else 0
    problems = collection.problems()
    checked = "" if problems is None else f", check: {problems} problems"
    barred = collection.name == "vdb"
    return Row(
        f"unreachable after {after}, {collection.name}",
        title,
        "0" if barred else "",
        f"{unreached}  (own vector not found: {len(missed)} at ef={EF}, {lost} at ef=n{checked})",
        unreached == 0 and lost == 0 and not problems if barred else None,
        {"unreached": unreached, "missed": len(missed), "lost": lost, "problems": problems},
    )


def _missed(
    collection: Changing, history: History, vectors: Floats, ef: int
) -> np.typing.NDArray[np.int64]:
    """Rows of `vectors` for which no hit has an equal vector."""
    answer = collection.search(vectors, K, ef)
    missed = [
        row
        for row, (vector, hits) in enumerate(zip(vectors, answer.tolist(), strict=True))
        if not any(hit >= 0 and np.array_equal(history.live[hit], vector) for hit in hits)
    ]
    return np.array(missed, dtype=np.int64)
