"""The options of a format, given as ``-o KEY=VALUE``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from vdb.errors import InvalidArgumentError

__all__ = ["format_option", "options_from"]


def format_option(help_text: str) -> Callable[[Any], Any]:
    """The option ``--option``, which may be given several times."""
    return click.option(
        "--option", "-o", "format_options", metavar="KEY=VALUE", multiple=True, help=help_text
    )


def options_from(
    texts: tuple[str, ...], name: str = "--option", example: str = "dim=96"
) -> dict[str, object]:
    """The options of a format, from several ``KEY=VALUE``."""
    options: dict[str, object] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InvalidArgumentError(
                f"{name} {text}: expected KEY=VALUE, such as {example}",
                expected="KEY=VALUE",
                received=text,
            )
        if key in options:
            raise InvalidArgumentError(f"{name} {key} is given twice", received=text)
        options[key] = value
    return options
