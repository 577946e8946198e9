"""The list of commands, and the one place where an error becomes a line and an exit status.

Exit status: 0 done; 1 an error, with one line on standard error; 2 problems were found (`check`);
3 shards of a cluster are missing from an answer; 130 interrupted; 141 the reader of standard output
went away. There is never a traceback, unless VDB_TRACEBACK is set in the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
from click.exceptions import Exit
from click.shell_completion import shell_complete

from vdb.api.import_interrupt import INTERRUPTED
from vdb.cli import shell_scripts
from vdb.cli.arguments.command import Group
from vdb.cli.commands import (
    alias,
    atlas,
    backup,
    backups,
    bench,
    calibrate,
    check,
    compact,
    compare,
    count,
    create,
    drop,
    explore,
    export,
    fusions,
    get,
    import_,
    index_field,
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
from vdb.cli.commands.cluster import backup as cluster_backup
from vdb.cli.commands.cluster import check as cluster_check
from vdb.cli.commands.cluster import create as cluster_create
from vdb.cli.commands.cluster import demo as cluster_demo
from vdb.cli.commands.cluster import load as cluster_load
from vdb.cli.commands.cluster import move as cluster_move
from vdb.cli.commands.cluster import reshard as cluster_reshard
from vdb.cli.commands.cluster import restore as cluster_restore
from vdb.cli.commands.cluster import status as cluster_status
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output
from vdb.cli.render.wording import in_options
from vdb.errors import VdbError
from vdb.model.version import __version__

READER_GONE = 141
"""Exit status after `vdb ... | head`, as a shell reports a program that SIGPIPE ended."""

COMPLETING = "_VDB_COMPLETE"
"""The variable by which a shell asks for completions."""


@click.group(
    name="vdb",
    cls=Group,
    epilog="Exit status: 0 done, 1 an error, 2 problems found.",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    },
)
@click.version_option(
    __version__, prog_name="vdb", message="%(prog)s %(version)s", help="Print the release."
)
@shell_scripts.install_option
@shell_scripts.show_option
def app() -> None:
    """An embedded vector database: create, fill, search and check one from the shell."""


for command in (
    create.create,
    info.info,
    inspect.inspect,
    import_.import_,
    export.export,
    search.search,
    get.get,
    count.count,
    explore.explore,
    atlas.atlas,
    values.values,
    index_field.index_field,
    compare.compare,
    tune.tune,
    bench.bench,
    scores.scores,
    fusions.fusions,
    calibrate.calibrate,
    rebuild.rebuild,
    check.check,
    backup.backup,
    backups.backups,
    restore.restore,
    compact.compact,
    rename.rename,
    alias.alias,
    drop.drop,
):
    app.add_command(command)


@app.group(name="cluster", cls=Group, context_settings={"show_default": True})
def cluster() -> None:
    """One collection over several databases, on several disks or machines."""


for command in (
    cluster_create.create,
    cluster_status.status,
    search.search,
    get.get,
    count.count,
    rebuild.rebuild,
    cluster_load.load,
    cluster_reshard.reshard,
    cluster_move.move,
    cluster_backup.backup,
    cluster_restore.restore,
    cluster_check.check,
    cluster_demo.demo,
):
    cluster.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit status; prints errors, and raises none."""
    try:
        status = _invoked(list(arguments) or ["--help"])
        sys.stdout.flush()
    except Interrupted as stop:
        output.complain(f"interrupted; {stop}")
        return INTERRUPTED
    except (KeyboardInterrupt, click.Abort):
        output.complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()  # the reader has closed the pipe
        return READER_GONE
    except click.ClickException as error:
        return _usage(error)
    except Exception as error:
        if os.environ.get("VDB_TRACEBACK"):
            raise
        return _failed(error)
    return status


def _invoked(words: list[str]) -> int:
    """Runs the command of these words; or answers the shell, which has them in its environment.

    `Group.main` is not called: it would print an empty line after Ctrl-C.
    """
    if COMPLETING in os.environ:
        return shell_complete(app, {}, "vdb", COMPLETING, os.environ[COMPLETING])
    try:
        with app.make_context("vdb", words) as context:
            app.invoke(context)
    except Exit as stop:
        return stop.exit_code
    return 0


def _failed(error: Exception) -> int:
    if COMPLETING in os.environ:  # a shell asks, into whose line nothing may be printed
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


def _usage(error: click.ClickException) -> int:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "vdb"
    output.complain(f"{message.rstrip('.')} (see {path} --help)")
    return 1


def _sentence(error: Exception) -> str:
    """The message of an error for users of the command line."""
    if isinstance(error, VdbError):
        return in_options(str(error)) or type(error).__name__
    if isinstance(error, ImportError):  # of a library that a format needs
        return str(error)
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
