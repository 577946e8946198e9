"""One format of sources: how it is recognised and opened, and what its files hold and lack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments
from vdb.model.arguments import shown
from vdb.model.metrics import METRICS
from vdb.sources.source import Source

__all__ = ["Option", "Place", "SourceFormat", "checked_options"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is.

    Attributes:
        text: As it was given: a path, or the address of a server without its password.
        path: The path; None for an address.
        head: The first 4,096 bytes; none of a directory or an address.
        argument: What messages call it.
        address: The address with its password; None for a path. Nothing shows it.
    """

    text: str
    path: Path | None
    head: bytes = b""
    argument: str = "path"
    address: str | None = field(default=None, repr=False)

    @property
    def file(self) -> Path | None:
        """The path, if a file is there."""
        return self.path if self.path is not None and self.path.is_file() else None

    @property
    def directory(self) -> Path | None:
        """The path, if a directory is there."""
        return self.path if self.path is not None and self.path.is_dir() else None

    def require_file(self, format: str) -> Path:  # noqa: A002 - a name of the public face
        """The path of a file.

        Raises:
            InvalidArgumentError: It is a directory, or an address.
        """
        if self.path is None or not self.path.is_file():
            raise self._refused(format, "a file")
        return self.path

    def require_directory(self, format: str) -> Path:  # noqa: A002
        """The path of a directory; raises InvalidArgumentError as `require_file`."""
        if self.path is None or not self.path.is_dir():
            raise self._refused(format, "a directory")
        return self.path

    def _refused(self, format: str, expected: str) -> InvalidArgumentError:  # noqa: A002
        what = "an address" if self.path is None else "a directory" if self.directory else "a file"
        return InvalidArgumentError(
            f"{self.argument} {shown(self.text)} is {what}, and a source of format {format} is "
            f"{expected}",
            expected=expected,
            received=what,
        )

    def require_address(self, format: str) -> str:  # noqa: A002
        """The address of a server; raises InvalidArgumentError as `require_file`."""
        if self.address is None:
            raise self._refused(format, "an address")
        return self.address

    @property
    def suffix(self) -> str:
        """The end of the name in lower case, such as ".npy"."""
        return "" if self.path is None else self.path.suffix.lower()


@dataclass(frozen=True, slots=True)
class Option:
    """Something a file does not say, or a choice among what it holds.

    Attributes:
        name: The keyword.
        help: What it is, in one sentence.
        kind: The type of its values; "metric" is one of vdb's metrics.
        choices: The values, where they are few.
    """

    name: str
    help: str
    kind: Literal["text", "int", "metric", "bool", "path"] = "text"
    choices: tuple[str, ...] = ()

    def value(self, given: object) -> Any:
        """The value that was given, in its type; texts of a command line count as values.

        Raises:
            InvalidArgumentError, ArgumentTypeError: It is no value of the option.
        """
        if self.kind == "int":
            if isinstance(given, str) and given.strip().lstrip("-").isdigit():
                given = int(given)
            return arguments.whole(self.name, given, 0, 2**63 - 1)
        if self.kind == "bool":
            if given in ("true", "false"):
                given = given == "true"
            return arguments.truth(self.name, given)
        if self.kind == "path" and isinstance(given, Path):
            return given
        plain = arguments.text(self.name, given)
        if self.kind == "path":
            return Path(arguments.at_home(plain))
        choices = tuple(METRICS) if self.kind == "metric" and not self.choices else self.choices
        return arguments.choice(self.name, plain, choices) if choices else plain


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFormat:
    """A row of the table of formats.

    Attributes:
        name: Its name in options.
        title: The system, and what of it is read.
        kind: Files of an index or of a database, a server, or data.
        recognise: Whether a place looks like one; reads little, and never raises.
        open: Opens one; options come as keywords.
        options: The options that it takes.
        library: The library that reading needs, as pip names it; None: none.
        versions: Releases whose files were read in tests.
        holds: What is in the files, in a few words.
        lacks: What is not in them, or was lost before.
        metric: Where the metric comes from.
    """

    name: str
    title: str
    kind: Literal["index", "database", "server", "data"]
    recognise: Callable[[Place], bool]
    open: Callable[..., Source]
    options: tuple[Option, ...] = ()
    library: str | None = None
    versions: str = ""
    holds: str = ""
    lacks: str = ""
    metric: str = ""

    def checked(self, given: Mapping[str, object]) -> dict[str, Any]:
        """The options in their types; those that are None are left out.

        Raises:
            InvalidArgumentError, ArgumentTypeError: The format has no such option, or not this
                value of it.
        """
        return checked_options(self.name, self.options, given)

    def takes(self, option: str) -> bool:
        """Whether it has an option of that name."""
        return any(row.name == option for row in self.options)

    def needs(self, option: str, why: str) -> InvalidArgumentError:
        """The error for an option that was not given, with its choices."""
        row = next(one for one in self.options if one.name == option)
        choices = row.choices or (tuple(METRICS) if row.kind == "metric" else ())
        which = f"one of {', '.join(choices)}" if choices else row.help
        return InvalidArgumentError(
            f"{why}: give {option}=: {which}",
            expected=choices or row.kind,
            received=None,
        )


def checked_options(
    format: str,  # noqa: A002 - a name of the public face
    options: tuple[Option, ...],
    given: Mapping[str, object],
) -> dict[str, Any]:
    """The options of a format in their types; those that are None are left out.

    Raises:
        InvalidArgumentError, ArgumentTypeError: The format has no such option, or not this value of
            it.
    """
    known = {option.name: option for option in options}
    for name in given:
        if name not in known:
            takes = f"are {', '.join(known)}" if known else "are none"
            raise InvalidArgumentError(
                f"the options of format {format} {takes}; there is no {shown(name)}",
                expected=tuple(known),
                received=name,
            )
    return {name: known[name].value(value) for name, value in given.items() if value is not None}


def refuse_type(name: str, value: object) -> ArgumentTypeError:
    """The error for a place that is neither a path nor a text."""
    return ArgumentTypeError(
        f"{name} must be a path or an address, got {type(value).__name__}",
        expected="str or os.PathLike",
        received=type(value).__name__,
    )
