"""A search by words, alone or fused with one by vector, from options of the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from vdb.cli.arguments.numbers import a_number
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vdb.api.collection_reader import CollectionReader
    from vdb.fusion import FusedHits
    from vdb.lexical import TextExplanation
    from vdb.model.hits import Hits
    from vdb.model.records import Id

__all__ = ["WordsQuery"]


class WordsQuery(NamedTuple):
    """The options of a search by words.

    Attributes:
        text: The words; None without any.
        field: The text field; None for the only one.
        fusion: How both lists become one.
        weights: The weights, "0.3,0.7".
        window: How many hits of each list enter.
        parameters: Others of the fusion, each "NAME=VALUE".
    """

    text: str | None
    field: str | None
    fusion: str | None
    weights: str | None
    window: int | None
    parameters: tuple[str, ...]

    def is_hybrid(self, *, vector: bool) -> bool:
        """Whether lists are fused, where there is a query by vector or not."""
        return self.fusion is not None or (self.text is not None and vector)

    def check(self, *, vector: bool, others: Mapping[str, object]) -> None:
        """Refuse options that do not go with each other.

        Args:
            vector: Whether there is a query by vector.
            others: Options of other searches, by name.
        """
        fused = self.is_hybrid(vector=vector)
        if self.text is None and self.field is not None:
            raise InvalidArgumentError("--field goes with --text", expected="--text")
        own = {"--weights": self.weights, "--window": self.window, "--parameter": self.parameters}
        name = next((name for name, value in own.items() if value), None)
        if name is not None and not fused:
            raise InvalidArgumentError(
                f"{name} goes with --fusion, or with --text and --vector or --id",
                expected="--fusion",
                received=name,
            )
        if self.text is None and not fused:
            return
        refused = next((name for name, value in others.items() if value), None)
        if refused is not None:
            what = "a fusion" if fused else "--text"
            raise InvalidArgumentError(f"{what} and {refused} do not go together", received=refused)

    def fused(
        self, collection: CollectionReader, vector: NDArray[Any] | None, **options: Any
    ) -> FusedHits:
        """The hits of both lists; `options` are those of `search_hybrid`."""
        return collection.search_hybrid(
            text=self.text,
            vector=vector,
            fusion="native" if self.fusion is None else self.fusion,
            weights=self._weights(),
            window=self.window,
            field=self.field,
            **options,
            **dict(map(_parameter, self.parameters)),
        )

    def hits(
        self, collection: CollectionReader, k: int | None, *, scores: str | None, **options: Any
    ) -> Hits:
        """The hits by words alone; `options` are those of `search_text`."""
        assert self.text is not None  # noqa: S101 - checked by the caller
        own = "native" if scores is None else scores
        return collection.search_text(self.text, k, field=self.field, scores=own, **options)

    def explanation(
        self, collection: CollectionReader, record_id: Id, scores: str | None
    ) -> TextExplanation:
        """The derivation of the score of one record by words alone."""
        assert self.text is not None  # noqa: S101 - checked by the caller
        own = "native" if scores is None else scores
        return collection.explain_text(self.text, record_id, field=self.field, scores=own)

    def _weights(self) -> list[float] | None:
        if self.weights is None:
            return None
        return [a_number(part.strip()) for part in self.weights.split(",")]


def _parameter(text: str) -> tuple[str, Any]:
    """A name and its value, which is JSON, or else a word."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InvalidArgumentError(
            f"--parameter must be NAME=VALUE, got {text!r}", expected="NAME=VALUE", received=text
        )
    try:
        return name.strip().replace("-", "_"), json.loads(value)
    except ValueError:
        return name.strip().replace("-", "_"), value
