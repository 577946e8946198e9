"""The schema of a new collection, from the options of `create` and `import`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from vdb.api.collection import Collection
from vdb.api.collection_schema import CollectionSchema
from vdb.errors import CollectionExistsError, InvalidArgumentError
from vdb.model.config import HNSW, Flat, IndexConfig
from vdb.model.filters.field_types import TEXT, field_types
from vdb.model.text_field import Text
from vdb.scores.table import convention_named

__all__ = [
    "NO_CODES",
    "Options",
    "codes_from",
    "field_kind",
    "index_from",
    "index_over",
    "name_taken_error",
    "required",
]

NO_CODES = "none"
"""The value of ``--codes`` for no codes."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """The options that describe a collection; None for an option that was not given."""

    metric: str | None
    dtype: str | None
    index: str | None
    M: int | None
    ef_construction: int | None
    codes: str | None
    indexing_threshold: int | None
    scores: str | None
    model: str | None
    fields: tuple[str, ...] = ()
    optional_vectors: bool = False

    @property
    def graph_parameters(self) -> dict[str, Any]:
        """The given parameters of `HNSW`, by their names there."""
        values = {
            "M": self.M,
            "ef_construction": self.ef_construction,
            "codes": self.codes,
            "indexing_threshold": self.indexing_threshold,
        }
        return {name: value for name, value in values.items() if value is not None}

    def by_option(self) -> dict[str, Any]:
        """The given options, by their names on the command line."""
        values = {
            "--metric": self.metric,
            "--dtype": self.dtype,
            "--index": self.index,
            "--M": self.M,
            "--ef-construction": self.ef_construction,
            "--codes": self.codes,
            "--indexing-threshold": self.indexing_threshold,
            "--scores": self.scores,
            "--model": self.model,
            "--field": self.fields or None,
            "--optional-vectors": self.optional_vectors or None,
        }
        return {option: value for option, value in values.items() if value is not None}

    def schema(self, name: str, dim: int | Literal["auto"]) -> CollectionSchema:
        """The schema that the options describe; raises VdbError for an invalid one."""
        return CollectionSchema(
            name,
            dim,
            required("--metric", self.metric),
            "float32" if self.dtype is None else self.dtype,
            index_from(self.index, self.graph_parameters),
            "native" if self.scores is None else self.scores,
            self.model,
            field_types_from(self.fields),
            self.optional_vectors,
        )

    def compare(self, collection: Collection) -> None:
        """Refuse an option that differs from the existing collection.

        `Database.collection` checks metric and model, with a message about their history.
        """
        index_from(self.index, self.graph_parameters)
        options = self.by_option()
        options.pop("--metric", None)
        options.pop("--model", None)
        optional_vectors = options.pop("--optional-vectors", None)
        if not options and not optional_vectors:
            return  # info() is not needed
        info = collection.info()
        if optional_vectors and not info.optional_vectors:
            raise InvalidArgumentError(
                f"--optional-vectors: every record of collection {info.name} needs a vector; leave "
                "the option out to use the collection as it is",
                expected=False,
                received=True,
            )
        stored = {
            "--dtype": info.dtype,
            "--index": info.index.type,
            "--M": getattr(info.index, "M", None),
            "--ef-construction": getattr(info.index, "ef_construction", None),
            "--codes": getattr(info.index, "codes", None) or NO_CODES,
            "--indexing-threshold": getattr(info.index, "indexing_threshold", None),
            "--scores": info.scores,
        }
        for path, kind in field_types_from(options.pop("--field", ())).items():
            text = info.text_fields.get(path)
            declared = info.fields.get(path, "not declared")
            if text is not None:
                declared = f"text={text.analyzer}"
            if declared != str(kind):
                raise InvalidArgumentError(
                    f"--field {path}:{kind} differs from what collection {info.name} has: "
                    f"{declared}; leave the option out to use the collection as it is",
                    expected=declared,
                    received=str(kind),
                )
        if "--scores" in options:
            convention = convention_named(
                options["--scores"], info.metric, dtype=info.dtype, argument="--scores"
            )
            options["--scores"] = convention.name
        for option, value in options.items():
            if value != stored[option]:
                stored_value = "none" if stored[option] is None else stored[option]
                raise InvalidArgumentError(
                    f"{option} {value} differs from what collection {info.name} has: "
                    f"{stored_value}; leave the option out to use the collection as it is",
                    expected=stored[option],
                    received=value,
                )


def field_types_from(options: tuple[str, ...]) -> dict[str, str | Text]:
    """The fields and types of several ``--field NAME:TYPE``."""
    types: dict[str, str | Text] = {}
    for text in options:
        path, colon, kind = text.rpartition(":")
        if not colon:
            raise InvalidArgumentError(
                f"--field {text}: expected NAME:TYPE, such as pep:int",
                expected="NAME:TYPE",
                received=text,
            )
        if path in types:
            raise InvalidArgumentError(f"--field {path} is given twice", received=text)
        types[path] = field_kind(kind)
    return field_types(types)


def field_kind(text: str) -> str | Text:
    """A type as the command line has it: "text=english" is a text field with that analyzer."""
    kind, equals, analyzer = text.partition("=")
    return Text(analyzer) if equals and kind == TEXT else text


def name_taken_error(name: str, advice: str = "") -> CollectionExistsError:
    """The error for a name that another collection has."""
    return CollectionExistsError(
        f"there is a collection {name} already{advice}",
        expected="a name that is not taken",
        received=name,
    )


def required(option: str, value: T | None) -> T:
    """The value of an option that a new collection needs; refuses a missing one."""
    if value is None:
        raise InvalidArgumentError(f"{option} is needed to make a collection", expected=option)
    return value


def codes_from(option: str | None) -> str | None:
    """The codes that ``--codes`` names; "none" means no codes."""
    return None if option == NO_CODES else option


def index_from(index: str | None, parameters: Mapping[str, Any]) -> IndexConfig:
    """The index that ``--index`` and the parameters of a graph describe together."""
    if index not in (None, "hnsw", "flat"):
        raise InvalidArgumentError(
            f"--index must be hnsw or flat, got {index}", expected=("hnsw", "flat"), received=index
        )
    return _changed(Flat() if index == "flat" else HNSW(), parameters)


def index_over(options: Options, base: IndexConfig | None) -> IndexConfig | None:
    """The index of a source with the parameters that are given; None where none is."""
    parameters = options.graph_parameters
    if options.index is None and not parameters:
        return None
    if base is None or options.index not in (None, base.type):
        return index_from(options.index, parameters)
    return _changed(base, parameters)


def _changed(base: IndexConfig, parameters: Mapping[str, Any]) -> IndexConfig:
    changes = dict(parameters)
    if "codes" in changes:
        changes["codes"] = codes_from(changes["codes"])
    if isinstance(base, HNSW):
        return replace(base, **changes)
    if any(value is not None for value in changes.values()):
        raise InvalidArgumentError(
            "--M, --ef-construction, --codes and --indexing-threshold belong to --index hnsw"
        )
    return base
