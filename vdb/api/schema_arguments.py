"""The schema that `create_collection` is given: a new collection's, or one to compare with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vdb.api.collection_lookup import check_schema
from vdb.errors import InvalidArgumentError
from vdb.index import new_generation
from vdb.index.fields.field_index import line
from vdb.model import config
from vdb.model.arguments import shown, truth
from vdb.model.dtypes import dtype_named
from vdb.model.filters.field_types import TEXT, field_types
from vdb.model.metrics import metric_named
from vdb.model.text_field import Text
from vdb.model.version import __version__
from vdb.scores.table import convention_named
from vdb.store import CollectionView, WritableCollection
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.limits import NO_SLOT

if TYPE_CHECKING:
    from vdb.index.text.analysis import Analyzers

__all__ = ["SchemaArguments"]


class SchemaArguments(NamedTuple):
    """What a collection is to be created with, unchecked; None for what was not given."""

    dim: object
    metric: object
    dtype: object = None
    index: object = None  # type: ignore[assignment]  # in place of the method of tuples
    scores: object = None
    model: object = None
    fields: object = None
    optional_vectors: object = False

    def new_records(
        self, name: str, analyzers: Analyzers | None = None
    ) -> tuple[CollectionHeader, GenerationRecord]:
        """The header and the first generation of a new collection; the batch sets its number.

        `analyzers`: those of the program, which learn the ones of the fields.

        Raises:
            InvalidArgumentError, ArgumentTypeError: An argument cannot be that of a collection.
        """
        types, now = field_types(self.fields), time.time()
        metric = metric_named(self.metric)
        dtype = config.vector_type("float32" if self.dtype is None else self.dtype, metric)
        index = config.fitting_index(config.index_config(self.index), metric, dtype)
        generation = new_generation(1, metric.name, dtype.name, index)
        scores = "native" if self.scores is None else self.scores
        header = CollectionHeader(
            name=name,
            number=0,
            dim=config.collection_dimension(self.dim, dtype),
            metric=metric.name,
            dtype=dtype.name,
            scores=convention_named(scores, metric.name, dtype=dtype.name, argument="scores").name,
            model=config.model_text(self.model),
            created=now,
            version=__version__,
            next_field=len(types) + 1,
            fields=[
                line(number, path, kind)
                for number, (path, kind) in enumerate(types.items(), 1)
                if not isinstance(kind, Text)
            ],
            text_fields=_text_lines(types, analyzers),
            bare=0 if truth("optional_vectors", self.optional_vectors) else None,
        )
        header.put_to_use(generation, when=now, reason="created")
        return header, generation

    def require_same(
        self,
        view: CollectionView | WritableCollection,
        path: Path,
        analyzers: Analyzers | None = None,
    ) -> None:
        """Refuse a collection that differs in anything that was given.

        It may have more declared fields than were given. `path` is the database's directory.

        Raises:
            MetricMismatchError, DimensionMismatchError, ModelMismatchError: It differs in that.
            InvalidArgumentError: It differs in something else, or an argument is out of range.
        """
        header = view.header
        dim = None if self.dim == config.OPEN else self.dim
        check_schema(header, metric=self.metric, dim=dim, model=self.model, path=path)
        if self.dtype is not None:
            dtype = dtype_named(self.dtype).name
            self._require(header.name, "dtype", header.dtype, dtype, "rebuild(dtype=...)")
        if self.index is not None:
            stored = config.index_from_map(view.generation.index)
            given = config.index_config(self.index)
            self._require(header.name, "index", stored, given, "rebuild(index=...)")
        if self.scores is not None:
            scores = convention_named(
                self.scores, header.metric, dtype=header.dtype, argument="scores"
            ).name
            self._require(header.name, "scores", header.scores, scores, "rebuild(scores=...)")
        if truth("optional_vectors", self.optional_vectors) and header.bare is None:
            raise InvalidArgumentError(
                f"collection {header.name!r} exists, and every record of it needs a vector; "
                "without optional_vectors= the collection is returned as it is",
                expected=False,
                received=True,
            )
        types = {line["path"]: line["type"] for line in header.all_fields}
        asked = field_types(self.fields)
        texts = {line["path"]: line for line in _text_lines(asked, analyzers)}
        for field, kind in asked.items():
            if isinstance(kind, Text):
                if types.get(field) == TEXT:
                    from vdb.index.text.declaration import require_same_text

                    own = next(one for one in header.text_fields if one["path"] == field)
                    require_same_text(header, own, texts[field])
                    continue
                kind = TEXT  # noqa: PLW2901 - the word for it
            if types.get(field) != kind:
                declared = f"as {types[field]}, " if field in types else ""
                remedy = f"index_field({field!r}, {kind!r}) declares it"
                if declared:
                    remedy = f"drop_field({field!r}) and {remedy}"
                raise InvalidArgumentError(
                    f"collection {header.name!r} exists, and its field {shown(field)} is declared "
                    f"{declared}not as {kind}; {remedy}",
                    expected=types.get(field),
                    received=kind,
                )

    def _require(self, name: str, what: str, stored: object, asked: object, remedy: str) -> None:
        if stored != asked:
            raise InvalidArgumentError(
                f"collection {name!r} exists with {what} {stored!r}, not {asked!r}; "
                f"{remedy} changes it, and without {what}= the collection is returned as it is",
                expected=stored,
                received=asked,
            )


def _text_lines(
    types: Mapping[str, str | Text], analyzers: Analyzers | None
) -> list[dict[str, Any]]:
    """The lines of the text fields in the header of a new collection.

    Raises:
        InvalidArgumentError: There is no analyzer of that name.
    """
    texts = [
        (number, path, kind)
        for number, (path, kind) in enumerate(types.items(), 1)
        if isinstance(kind, Text)
    ]
    if not texts:
        return []
    from vdb.index.text.analysis import Analyzers
    from vdb.index.text.text_fields import field_line

    known = Analyzers() if analyzers is None else analyzers
    return [
        field_line(number, path, text, known.version_of(text), built=NO_SLOT)
        for number, path, text in texts
    ]
