"""Text fields: fields of payloads that are searched by their words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from vdb.errors import ArgumentTypeError
from vdb.model import arguments
from vdb.model.synonyms import hinting

__all__ = ["Analyzer", "Text", "Tokens", "own_analyzer"]

Tokens: TypeAlias = list[str | None]
"""The words of a text as they are indexed, in order; None is a place without one (a stop word)."""


class Analyzer(Protocol):
    """What turns a text into words; `vdb.lexical.analyzer` makes one, of a function too.

    Attributes:
        name: Its name.
        version: Its version; another one gives other words.
    """

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """Its version."""

    def terms(self, text: str, /) -> list[str | None]:
        """The words of a text."""


@hinting
@dataclass(frozen=True, slots=True)
class Text:
    """A field that `Collection.search_text` searches by its words; a value of ``fields=``.

    The value of the field in a payload is a str, or a list of str; null, and no field, is no text.

    Attributes:
        analyzer: How texts become words: "simple", "english" and others by name, or what
            `vdb.lexical.analyzer` makes of a function of one's own. Its name and version are stored
            with the field, and another analyzer is refused from then on.
        stored: Whether payloads keep the text. Without it they lose the field when they are
            written, and only its words are kept.
        positions: Whether the order of the words is kept, which phrases need.

    Example:
        notes.index_field("text", vdb.Text("english"))
    """

    analyzer: str | Analyzer = "simple"
    stored: bool = field(default=True, kw_only=True)
    positions: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        stored = arguments.truth("stored", self.stored)
        positions = arguments.truth("positions", self.positions)
        object.__setattr__(self, "stored", stored)
        object.__setattr__(self, "positions", positions)
        if isinstance(self.analyzer, str):
            object.__setattr__(self, "analyzer", str.__str__(self.analyzer))
        else:
            own_analyzer(self.analyzer)

    @property
    def analyzer_name(self) -> str:
        """The name of its analyzer."""
        return self.analyzer if isinstance(self.analyzer, str) else self.analyzer.name

    def __str__(self) -> str:
        return f"text={self.analyzer_name}"


def own_analyzer(analyzer: object, argument: str = "analyzer") -> Analyzer:
    """An analyzer that is no name, checked as far as its attributes go.

    Raises:
        ArgumentTypeError: It is something else.
    """
    parts = (getattr(analyzer, "name", None), getattr(analyzer, "version", None))
    if not all(isinstance(part, str) for part in parts) or not hasattr(analyzer, "terms"):
        raise ArgumentTypeError(
            f"{argument} must be a name such as 'english', or of the class vdb.lexical.Analyzer, "
            "which vdb.lexical.analyzer(function, name=..., version=...) makes, got "
            f"{type(analyzer).__name__}",
            expected="str | Analyzer",
            received=type(analyzer).__name__,
        )
    return analyzer  # type: ignore[return-value]  # it has just been checked
