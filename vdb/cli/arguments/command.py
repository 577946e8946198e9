"""Commands whose help describes their arguments, and a group that keeps its commands in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["Argument", "Command", "Group", "argument", "command"]

Target = TypeVar("Target", bound=Callable[..., Any] | click.Command)


class Argument(click.Argument):
    """A positional argument with a help text, which Click knows from 8.5 on only."""

    def __init__(self, *arguments: Any, help: str, **attributes: Any) -> None:  # noqa: A002 - Click's name
        super().__init__(*arguments, **attributes)
        self.help: str = help

    def get_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The argument in the usage line, in brackets if it may be left out."""
        pieces = super().get_usage_pieces(ctx)
        return pieces if self.required else [f"[{piece}]" for piece in pieces]


class Command(click.Command):
    """A command whose help lists its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; an error of any kind says whose help to read."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the section of the arguments, then that of the options."""
        rows = [
            (str(parameter.metavar), parameter.help + ("  [required]" * parameter.required))
            for parameter in self.params
            if isinstance(parameter, Argument)
        ]
        if rows:
            with formatter.section("Arguments"):
                formatter.write_dl(rows)
        super().format_options(ctx, formatter)

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Nothing: Click 8.5 would write a section of its own."""


class Group(click.Group):
    """A group whose help lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Their names."""
        return list(self.commands)


def argument(name: str, **attributes: Any) -> Callable[[Target], Target]:
    """Decorates a command with an `Argument`."""
    return click.argument(name, cls=Argument, **attributes)


def command(name: str, **attributes: Any) -> Callable[[Callable[..., None]], Command]:
    """Makes a `Command` of a function; its docstring is the help text."""
    return click.command(name, cls=Command, **attributes)
