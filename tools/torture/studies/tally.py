"""Comparisons, counted, with those that came out otherwise in words."""

from __future__ import annotations

__all__ = ["Tally"]


class Tally:
    """What was compared.

    Attributes:
        compared: How many figures and lists.
        wrong: Those that differ, in words.
    """

    def __init__(self) -> None:
        self.compared = 0
        self.wrong: list[str] = []

    def same(self, what: str, got: object, expected: object) -> None:
        """Compare one figure or list; NaN is equal to NaN."""
        self.compared += 1
        if got != expected and repr(got) != repr(expected):
            self.wrong.append(f"{what}: got {got!r:.300}, expected {expected!r:.300}")

    def true(self, what: str, holds: bool) -> None:
        """Compare something with a rule."""
        self.same(what, bool(holds), True)
