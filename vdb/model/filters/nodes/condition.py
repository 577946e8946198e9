"""What all conditions have in common: the field that they are about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from vdb.errors import InvalidFilterError
from vdb.model.filters.paths import ID_PATH, check_path, names_of, path_of
from vdb.model.filters.tree import Filter
from vdb.model.filters.values import Literal, kind_of

__all__ = ["Condition", "plain", "require_id"]


def require_id(value: object) -> None:
    """Refuse what cannot be an id."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InvalidFilterError(
            f"an id is an int or a str, got {kind_of(value)}",
            expected="int | str",
            received=value,
        )


def plain(value: Literal) -> Any:
    """A literal as JSON can hold it."""
    if isinstance(value, datetime):
        return {"$date": value.isoformat().replace("+00:00", "Z")}
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Condition(Filter):
    """Something said of one field, or of the record's id.

    Attributes:
        path: The name of the field, with points between nested names; `ID_PATH` for the id.
        for_ids: Whether ids can have such a condition.
    """

    operator: ClassVar[str] = ""
    for_ids: ClassVar[bool] = False

    path: str

    def _check_path(self) -> None:
        if self.path != ID_PATH:
            object.__setattr__(self, "path", check_path(self.path))
        elif not self.for_ids:
            raise InvalidFilterError(
                f"an id takes no {self.operator}; it takes $eq, $ne, $lt, $lte, $gt, $gte, $in, "
                "$nin and $prefix",
                received=self.operator,
            )

    @property
    def of_id(self) -> bool:
        """Whether it is about the record's id."""
        return self.path == ID_PATH

    @property
    def names(self) -> tuple[str, ...]:
        """The path taken apart."""
        return names_of(self.path)

    def under(self, path: str) -> Filter:
        """The same of a field inside another one."""
        names = (*names_of(check_path(path)), *self.names)
        return self if self.of_id else replace(self, path=path_of(names))

    def operand(self) -> Any:
        """What stands behind the operator in the dict."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same."""
        return {self.path: {self.operator: self.operand()}}
