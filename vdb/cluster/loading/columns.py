"""Which columns of a table become ids, vectors and payloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments
from vdb.sources.reading.arrow_rows import ArrowRows
from vdb.sources.reading.exported_schema import METADATA, exported_schema

__all__ = ["Columns"]


@dataclass(frozen=True, slots=True)
class Columns:
    """The arguments of a load that name columns, checked.

    Attributes:
        id: The column of the ids.
        vector: The column of the vectors; None: "vector", or the only one that can be one.
        payload: The columns of the payloads; None: all others.
        packed: Whether vectors of uint8 are packed bits.
        optional: Whether a row whose vector is null is a record without one.
    """

    id: str = "id"
    vector: str | None = None
    payload: tuple[str, ...] | None = None
    packed: bool = False
    optional: bool = False

    @classmethod
    def checked(
        cls,
        id: object,  # noqa: A002 - a name of the public face
        vector: object,
        payload: object,
        *,
        packed: bool,
        optional: bool,
    ) -> Columns:
        """The columns of a call.

        Raises:
            ArgumentTypeError: One is no text, or `payload` no list of texts.
            InvalidArgumentError: `id` is "row": row numbers of several files are no ids.
        """
        name = arguments.text("id", id)
        if name == "row":
            raise InvalidArgumentError(
                'id="row" would give the first rows of all files the same ids; name a column',
                expected="a column",
                received="row",
            )
        vectors = None if vector is None else arguments.text("vector", vector)
        return cls(name, vectors, _names(payload), packed, optional)

    def rows_of(self, schema: Any) -> ArrowRows:
        """How rows of a table with that schema become records.

        Of tables of vdb's export, payloads are the column of JSON texts, and bits are packed.

        Raises:
            InvalidArgumentError: It has no such column, or one of another type.
        """
        exported = None
        if {"id", "vector", "payload"} <= set(schema.names):
            exported = exported_schema((schema.metadata or {}).get(METADATA))
        return ArrowRows(
            schema,
            id=self.id,
            vector=self.vector,
            payload=self.payload,
            packed=self.packed or (exported is not None and exported["dtype"] == "bit"),
            optional=self.optional,
            json="payload" if exported is not None and self.payload is None else None,
        )


def _names(payload: object) -> tuple[str, ...] | None:
    if payload is None:
        return None
    if isinstance(payload, str) or not isinstance(payload, Sequence):
        raise ArgumentTypeError(
            f"payload must be a list of columns, got {arguments.shown(payload)}",
            expected="a list of str",
            received=type(payload).__name__,
        )
    return tuple(arguments.text("payload", one) for one in payload)
