"""The public class `Problem`: what a check reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that a check found.

    Attributes:
        where: The place: a key, block, record, slot, or collection.
        what: What is wrong with it, and what was expected.
        severity: "error" when data or an answer may be wrong; "warning" when only space, speed
            or how much approximate searches find is.
    """

    where: str
    what: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}"
