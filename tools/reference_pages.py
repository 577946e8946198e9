"""Parts of the pages that are written from the rows of formats."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

__all__ = ["described", "fact_table", "wrapped"]


def fact_table(facts: Mapping[str, str]) -> str:
    """A table of two columns, without facts that have no text."""
    rows = (f"| {name} | {text} |" for name, text in facts.items() if text)
    return "\n".join(["| | |", "|---|---|", *rows]) + "\n"


def wrapped(text: str) -> str:
    """A paragraph, or an entry of a list, in lines of at most 110 columns."""
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(
        text, 110, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def described(option: object) -> str:
    """The help of an option, with its choices."""
    help_text, choices = getattr(option, "help", ""), getattr(option, "choices", ())
    return help_text + (f" ({', '.join(choices)})" if choices else "")
