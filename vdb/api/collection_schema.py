"""The schema of a collection that is to be made, checked before a database is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from vdb.api.schema_arguments import SchemaArguments
from vdb.index import rows_within
from vdb.model import config
from vdb.model.config import IndexConfig
from vdb.model.dtypes import DTYPES
from vdb.model.text_field import Text

__all__ = ["CollectionSchema"]


Made_co = TypeVar("Made_co", covariant=True)


class Creator(Protocol[Made_co]):
    """A database, as far as it makes collections."""

    @property
    def create_collection(self) -> Callable[..., Made_co]:
        """As `Database.create_collection`."""


@dataclass(frozen=True, slots=True)
class CollectionSchema:
    """What `Database.create_collection` takes.

    Raises:
        InvalidArgumentError, ArgumentTypeError: No collection can be so.
    """

    name: str
    dim: int | Literal["auto"]
    metric: str
    dtype: str
    index: IndexConfig
    scores: str
    model: str | None
    fields: Mapping[str, str | Text]
    optional_vectors: bool = False

    def __post_init__(self) -> None:
        name = config.collection_name(self.name)
        SchemaArguments(
            self.dim,
            self.metric,
            self.dtype,
            self.index,
            self.scores,
            self.model,
            self.fields,
            self.optional_vectors,
        ).new_records(name)

    def rows_within(self, memory_limit: int, threads: int) -> int:
        """As `Collection.rows_within`, for the empty collection."""
        dim = 1 if self.dim == "auto" else self.dim
        dtype = DTYPES[self.dtype]
        return rows_within(
            memory_limit, dim=dim, dtype=dtype, index=self.index, slots=0, threads=threads
        )

    def make(self, db: Creator[Made_co], **more: Any) -> Made_co:
        """The collection, created; `more` goes to `create_collection`."""
        return db.create_collection(
            self.name,
            dim=self.dim,
            metric=self.metric,
            dtype=self.dtype,
            scores=self.scores,
            model=self.model,
            fields=self.fields,
            optional_vectors=self.optional_vectors,
            **({"index": self.index} | more),
        )
