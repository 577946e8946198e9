"""The options that show and install the script by which a shell completes `vdb`."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

import click
from click.shell_completion import get_completion_class

from vdb.cli.render import output

__all__ = ["install_option", "show_option"]

_DETECT = "auto"

_RUNS_AT_START = {
    "bash": (".bashrc", "source {script}"),
    "zsh": (".zshrc", "fpath+={folder}; autoload -Uz compinit; compinit"),
}
"""The file that a shell runs at its start, below the home directory, and the line to be in it."""

_SCRIPTS = {
    "bash": ".bash_completions/vdb.sh",
    "fish": ".config/fish/completions/vdb.fish",  # which fish loads by itself
    "zsh": ".zfunc/_vdb",
}
"""The place of the script, below the home directory."""


def script(shell: str) -> str:
    """The script for a shell; raises BadParameter where there is none."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.BadParameter(f"expected bash, zsh or fish, got {shell!r}")
    return kind(click.Command("vdb"), {}, "vdb", "_VDB_COMPLETE").source()


def install(shell: str, home: Path) -> Path:
    """Writes the script, and one line into the file that the shell runs at its start.

    Nothing changes where both are there already.

    Returns:
        The place of the script.
    """
    text = script(shell)
    if shell not in _SCRIPTS:
        raise click.BadParameter(
            f"expected bash, zsh or fish, got {shell!r}; --show-completion {shell} prints a script "
            "for its profile"
        )
    place = home / _SCRIPTS[shell]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8", newline="\n")
    if shell in _RUNS_AT_START:
        name, line = _RUNS_AT_START[shell]
        line = line.format(script=quote(str(place)), folder=quote(str(place.parent)))
        start = home / name
        lines = start.read_text(encoding="utf-8") if start.is_file() else ""
        if line not in lines.splitlines():
            with start.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"\n{line}\n")
    return place


def _named(shell: str) -> str:
    """The shell of this name, or the user's own where none is named."""
    return Path(os.environ.get("SHELL", "")).name if shell == _DETECT else shell


def _install(ctx: click.Context, _parameter: click.Parameter, shell: str | None) -> None:
    if shell is None or ctx.resilient_parsing:
        return
    place = install(_named(shell), Path.home())
    output.line(f"{place}: installed; shells that start from now on complete vdb")
    ctx.exit()


def _show(ctx: click.Context, _parameter: click.Parameter, shell: str | None) -> None:
    if shell is None or ctx.resilient_parsing:
        return
    click.echo(script(_named(shell)), nl=False)
    ctx.exit()


install_option = click.option(
    "--install-completion",
    metavar="[SHELL]",
    is_flag=False,
    flag_value=_DETECT,
    is_eager=True,
    expose_value=False,
    callback=_install,
    help="Teach bash, zsh or fish to complete commands, directories and collections. [default: "
    "the shell that $SHELL names]",
)
show_option = click.option(
    "--show-completion",
    metavar="[SHELL]",
    is_flag=False,
    flag_value=_DETECT,
    is_eager=True,
    expose_value=False,
    callback=_show,
    help="Print the script that does so, also for powershell.",
)
