"""Places of backups as arguments: a path, a URL, or - for standard input or output."""

from __future__ import annotations

from vdb.cli.arguments.options import a_directory

__all__ = ["STANDARD", "a_place", "is_url"]

STANDARD = "-"
"""Standard input or output."""


def is_url(text: str) -> bool:
    """Whether a text is a URL."""
    return "://" in text


def a_place(text: str) -> str:
    """A URL or - as it is; the path of anything else."""
    return text if text == STANDARD or is_url(text) else str(a_directory(text))
