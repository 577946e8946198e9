"""From the values of text fields to words.

An analyzer is named in the header, with its version; here is what stands behind the name, and what
is refused: values that are no texts, and analyzers that are not the one that the field's words are
of.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from vdb.errors import AnalyzerMismatchError, InvalidArgumentError, InvalidPayloadError
from vdb.index.text.text_fields import TextField
from vdb.model.arguments import sequence, shown
from vdb.model.filters.paths import MISSING, find
from vdb.model.records import Payload
from vdb.model.text_field import Analyzer, Text, Tokens, own_analyzer
from vdb.store.format.headers import CollectionHeader

__all__ = ["NAMED", "Analyzers", "Words", "words_of"]

Words: TypeAlias = Tokens | None
"""The words of the text of one record; None where it has no text."""

_GAP = (None,) * 4
"""Places between two texts of a list, which no phrase goes across."""

_MOST_ANALYZERS: Final = 1000


class Analyzers:
    """The analyzers that a program has: those with a name of vdb's, and its own.

    An open database has one; its collections share it. Free for all threads.
    """

    __slots__ = ("_own",)

    def __init__(self, own: object = None) -> None:
        """`own`: one that is made of a function, or several.

        Raises:
            ArgumentTypeError: Something else.
        """
        self._own: dict[str, Analyzer] = {}
        if own is not None:
            try:
                one = hasattr(own, "terms")
            except Exception:  # noqa: BLE001 - what cannot be looked at is no analyzer
                one = False
            for analyzer in [own] if one else sequence("analyzers", own, _MOST_ANALYZERS):
                self.add(analyzer, "analyzers")

    def add(self, analyzer: object, argument: str = "analyzer") -> Analyzer:
        """Know one more; it replaces one of the same name."""
        from vdb.lexical.analyzers import analyzer_of

        checked = analyzer_of(own_analyzer(analyzer, argument))
        self._own[checked.name] = checked
        return checked

    def version_of(self, text: Text) -> str:
        """The version of a declared field's analyzer; one of its own is known from then on.

        Raises:
            InvalidArgumentError: There is no analyzer of that name.
        """
        if not isinstance(text.analyzer, str):
            return self.add(text.analyzer).version
        own = self._own.get(text.analyzer)
        return (named_analyzer(text.analyzer) if own is None else own).version

    def analyzer_of(self, header: CollectionHeader, field: TextField) -> Analyzer:
        """The analyzer of a field of a collection.

        Raises:
            AnalyzerMismatchError: It is not here, or here in another version.
        """
        analyzer = self._own.get(field.analyzer)
        reason = ""
        if analyzer is None:
            try:
                analyzer = named_analyzer(field.analyzer)
            except (InvalidArgumentError, ImportError) as error:
                reason = str(error)
        stored = f"{field.analyzer!r} version {field.version!r}"
        where = f"the words of field {shown(field.path)} of collection {header.name!r} are of"
        if analyzer is None:
            raise AnalyzerMismatchError(
                f"{where} analyzer {stored}, which is not here ({reason}). One of your own is "
                "given to vdb.open or db.collection: analyzers=[...]",
                expected=(field.analyzer, field.version),
                received=None,
            )
        if analyzer.version != field.version:
            raise AnalyzerMismatchError(
                f"{where} analyzer {stored}, not of {analyzer.name!r} version "
                f"{analyzer.version!r}, whose words may be others; drop_field and index_field make "
                "the index anew with it",
                expected=(field.analyzer, field.version),
                received=(analyzer.name, analyzer.version),
            )
        return analyzer


NAMED: Final = Analyzers()
"""Those with a name of vdb's alone."""


def named_analyzer(name: str) -> Analyzer:
    """An analyzer of vdb's own, by its name.

    Raises:
        InvalidArgumentError: There is none of that name.
        ImportError: It needs a library that is not installed.
    """
    from vdb.lexical.analyzers import analyzer

    return analyzer(name)


def words_of(
    analyzer: Analyzer, field: TextField, payload: Payload, *, place: str = "payload"
) -> Words:
    """The words of one field of a payload.

    Raises:
        InvalidPayloadError: The field is no text; names the place.
        ArgumentTypeError, InvalidArgumentError: A function of one's own made something else than
            words.
    """
    value = find(payload, field.names)
    if value is MISSING or value is None:
        return None
    if type(value) is str:
        return analyzer.terms(value)
    if type(value) is not list or not all(type(one) is str for one in value):
        raise _no_text(field, value, place)
    words: list[str | None] = []
    for text in value:
        words += _GAP if words else ()
        words += analyzer.terms(text)
    return words


def _no_text(field: TextField, value: Any, place: str) -> InvalidPayloadError:
    path = "".join(f"[{name!r}]" for name in field.names)
    received = repr(value) if len(repr(value)) <= 64 else f"{repr(value)[:64]}..."
    return InvalidPayloadError(
        f"{place}{path}: field {field.path!r} is declared as text, a str or a list of str, got "
        f"{type(value).__name__} {received}",
        path=path,
        expected="text",
        received=value,
    )
