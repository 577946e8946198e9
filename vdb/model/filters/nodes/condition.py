"""What all conditions have in common: the field that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from vdb.model.filters.nodes.tree import Filter
from vdb.model.filters.paths import check_path
from vdb.model.filters.values import Literal

__all__ = ["Condition", "plain"]


def plain(value: Literal) -> Any:
    """A literal as JSON can hold it."""
    if isinstance(value, datetime):
        return {"$date": value.isoformat().replace("+00:00", "Z")}
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Condition(Filter):
    """Something said of one field; `path` is its name, with points between nested names."""

    operator: ClassVar[str] = ""

    path: str

    def _check_path(self) -> None:
        check_path(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """The path taken apart."""
        return tuple(self.path.split("."))

    def operand(self) -> Any:
        """What stands behind the operator in the dict."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same."""
        return {self.path: {self.operator: self.operand()}}
