"""Which column of a table is what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from vdb.errors import ArgumentTypeError
from vdb.model import dataframes

__all__ = ["ID", "PAYLOAD", "VECTOR", "ColumnNames"]

ID, VECTOR, PAYLOAD = "id", "vector", "payload"


class ColumnNames(NamedTuple):
    """The arguments that name columns.

    Attributes:
        id: The column of the ids.
        vector: The column of the vectors.
        payload: The columns of the payloads: None for all others, False for none, the name of the
            one that holds them, or the names of those that they are made of.
    """

    id: Any = ID
    vector: Any = VECTOR
    payload: Any = None

    @classmethod
    def checked(cls, id_name: object, vector: object, payload: object) -> ColumnNames:
        """The names, of which the first two are texts; `payload` is looked at with a table.

        Raises:
            ArgumentTypeError: A name is no text.
        """
        for argument, name in ((ID, id_name), (VECTOR, vector)):
            if not isinstance(name, str):
                raise ArgumentTypeError(
                    f"{argument} must be the name of a column, got {dataframes.described(name)}",
                    expected="str",
                    received=dataframes.described(name),
                )
        return cls(id_name, vector, payload)

    @property
    def are_default(self) -> bool:
        """Whether none was chosen."""
        return (self.id, self.vector) == (ID, VECTOR) and self.payload is None

    def listed(self) -> list[Any]:
        """The names of the columns that payloads are made of.

        Raises:
            ArgumentTypeError: `payload` is no list of names.
        """
        payload = self.payload
        if isinstance(payload, Iterable) and not isinstance(payload, str | bytes | Mapping):
            return list(payload)
        raise ArgumentTypeError(
            "payload must name a column, be a list of names, None for all other columns, or "
            f"False for none, got {dataframes.described(payload)}",
            expected="str | list[str] | None | False",
            received=dataframes.described(payload),
        )
