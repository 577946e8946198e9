"""The public class `Section`: a part of an explanation."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.model.results import Result

__all__ = ["Section"]


@dataclass(frozen=True, slots=True)
class Section(Result):
    """A part of an explanation: a title, and lines of (what, how it comes out)."""

    title: str
    lines: tuple[tuple[str, str], ...]
