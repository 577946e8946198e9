"""One format of exports: what its files hold and lack, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vdb.sources.source_format import Option, checked_options

__all__ = ["ExportFormat", "Writing"]


@dataclass(frozen=True, slots=True)
class Writing:
    """An export that can be written: nothing in it is beyond its format.

    Attributes:
        suffixes: What follows the common name of its files; the main one first.
        write: Writes them, at these paths in this order.
        notes: What the files will not hold, or hold in another way, in sentences.
        directory: Whether the main one is a directory; it is then the only one.
        left_out: Records without a vector that will not be in the files.
        held_out: Records of which the files have the vectors only, as queries.
    """

    suffixes: tuple[str, ...]
    write: Callable[[Sequence[Path]], None]
    notes: tuple[str, ...] = ()
    directory: bool = False
    left_out: int = 0
    held_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """A row of the table of formats.

    Attributes:
        name: Its name in options; that of its source, where it has one.
        title: The system, and what is written.
        kind: An index, a database, or data.
        suffixes: Ends of the names of the main file; the first is the usual one.
        prepare: Takes a `Content` and the options as keywords and gives a `Writing`; raises
            InvalidArgumentError where the format cannot hold it, ImportError without its library.
        options: The options that it takes.
        library: The library that writing needs, as pip names it; None: none.
        versions: Releases that the files were read with in tests.
        holds: What is in the files, in a few words.
        lacks: What they cannot hold.
        by_name: Whether only its name chooses it, the ends of its files being those of another.
    """

    name: str
    title: str
    kind: Literal["index", "database", "data"]
    suffixes: tuple[str, ...]
    prepare: Callable[..., Writing]
    options: tuple[Option, ...] = ()
    library: str | None = None
    versions: str = ""
    holds: str = ""
    lacks: str = ""
    by_name: bool = False

    def checked(self, given: Mapping[str, object]) -> dict[str, Any]:
        """The options in their types; those that are None are left out.

        Raises:
            InvalidArgumentError, ArgumentTypeError: The format has no such option, or not this
                value of it.
        """
        return checked_options(self.name, self.options, given)
