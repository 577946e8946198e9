"""The list of commands, and the one place where an error becomes a line and an exit status.

Exit status: 0 done; 1 an error, with one line on standard error; 2 problems were found (`check`);
130 interrupted; 141 the reader of standard output went away. There is never a traceback, unless
VDB_TRACEBACK is set in the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from vdb.api.import_interrupt import INTERRUPTED
from vdb.cli.commands import (
    alias,
    backup,
    backups,
    bench,
    calibrate,
    check,
    compact,
    compare,
    create,
    drop,
    export,
    import_,
    info,
    inspect,
    rebuild,
    rename,
    restore,
    scores,
    search,
    tune,
    values,
)
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output
from vdb.cli.render.wording import in_options
from vdb.errors import VdbError
from vdb.model.version import __version__

# The base class of errors in a command line. Its module differs between releases of Typer, but
# BadParameter always derives from UsageError, and that from ClickException.
ClickException: type[Exception] = typer.BadParameter.__mro__[2]

READER_GONE = 141
"""Exit status after `vdb ... | head`, as a shell reports a program that SIGPIPE ended."""

app = typer.Typer(
    name="vdb",
    help="An embedded vector database: create, fill, search and check one from the shell.",
    epilog="Exit status: 0 done, 1 an error, 2 problems found.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(flag: bool) -> None:
    if flag:
        output.line(f"vdb {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the release."),
    ] = False,
) -> None:
    """An embedded vector database: create, fill, search and check one from the shell."""


app.command()(create.create)
app.command()(info.info)
app.command()(inspect.inspect)
app.command("import")(import_.import_)
app.command()(export.export)
app.command()(search.search)
app.command()(values.values)
app.command()(compare.compare)
app.command()(tune.tune)
app.command()(bench.bench)
# A negative score must not be parsed as an option.
app.command(context_settings={"ignore_unknown_options": True})(scores.scores)
app.command(context_settings={"ignore_unknown_options": True})(calibrate.calibrate)
app.command()(rebuild.rebuild)
app.command()(check.check)
app.command()(backup.backup)
app.command()(backups.backups)
app.command()(restore.restore)
app.command()(compact.compact)
app.command()(rename.rename)
app.command()(alias.alias)
app.command()(drop.drop)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit status; prints errors, and raises none."""
    command = typer.main.get_command(app)
    words = list(arguments) or ["--help"]
    try:
        status = command.main(args=words, prog_name="vdb", standalone_mode=False)
        sys.stdout.flush()
    except Interrupted as stop:
        output.complain(f"interrupted; {stop}")
        return INTERRUPTED
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except BrokenPipeError:
        _drop_output()  # the reader has closed the pipe
        status = READER_GONE
    except SystemExit as stop:  # Typer and Rich exit like this after a closed pipe
        completing = "_VDB_COMPLETE" in os.environ
        status = stop.code if completing or not stop.code else READER_GONE
    except ClickException as error:
        return _usage(error)
    except Exception as error:
        if os.environ.get("VDB_TRACEBACK"):
            raise
        return _failed(error)
    if status == INTERRUPTED:  # some releases of Typer return this for a KeyboardInterrupt
        output.complain("interrupted")
    return status if isinstance(status, int) else 0


def _failed(error: Exception) -> int:
    if "_VDB_COMPLETE" in os.environ:  # a shell asks, into whose line nothing may be printed
        return 1
    output.complain(_sentence(error))
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    return 1


def _drop_output() -> None:
    """Send buffered output to the null device: Python would write it again at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: Exception) -> int:
    message: str = error.format_message()  # type: ignore[attr-defined]  # a ClickException has it
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "vdb"
    output.complain(f"{message.rstrip('.')} (see {path} --help)")
    return 1


def _sentence(error: Exception) -> str:
    """The message of an error for users of the command line."""
    if isinstance(error, VdbError):
        return in_options(str(error)) or type(error).__name__
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, OSError):
        return (
            f"{error.filename}: {error.strerror}"
            if error.filename
            else (error.strerror or str(error))
        )
    if isinstance(error, UnicodeEncodeError):
        name = error.object[:200]
        return f"{name}: a name with bytes in it that are not {error.encoding.upper()} text"
    return f"internal error: {type(error).__name__}: {error}"
