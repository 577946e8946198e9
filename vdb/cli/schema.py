"""What a new collection is to be, from the options of `create` and `import`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from vdb import config
from vdb.collection import Collection
from vdb.config import HNSW, Flat, IndexConfig
from vdb.database import Database
from vdb.errors import InvalidArgumentError
from vdb.metrics import metric_named
from vdb.scores.table import convention_named

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Schema:
    """A collection to be made; checked here, so that a refused one leaves no empty database."""

    name: str
    dim: int
    metric: str
    index: IndexConfig
    scores: str
    model: str | None

    def __post_init__(self) -> None:
        config.collection_name(self.name)
        config.dimension(self.dim)
        metric_named(self.metric)
        convention_named(self.scores, self.metric, argument="--scores")
        config.model_text(self.model)

    def make(self, db: Database) -> Collection:
        """The collection, empty."""
        return db.create_collection(
            self.name,
            dim=self.dim,
            metric=self.metric,
            index=self.index,
            scores=self.scores,
            model=self.model,
        )


def required(option: str, value: T | None) -> T:
    """The value of an option that is needed to make a collection; refuses a missing one."""
    if value is None:
        raise InvalidArgumentError(f"{option} is needed to make a collection", expected=option)
    return value


def index_from_options(index: str, M: int | None, ef_construction: int | None) -> IndexConfig:
    """The index that ``--index``, ``--M`` and ``--ef-construction`` describe together."""
    if index == "hnsw":
        default = HNSW()
        return HNSW(
            M=default.M if M is None else M,
            ef_construction=default.ef_construction if ef_construction is None else ef_construction,
        )
    if index != "flat":
        raise InvalidArgumentError(
            f"--index must be hnsw or flat, got {index}", expected=("hnsw", "flat"), received=index
        )
    if M is not None or ef_construction is not None:
        raise InvalidArgumentError("--M and --ef-construction belong to --index hnsw")
    return Flat()
