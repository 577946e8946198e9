"""A shell is offered databases and collections, and offering changes nothing."""

import os
import subprocess
import sys

import pytest


def offered(words, cwd, shell="bash"):
    """What the shell is told for these words, of which the last is unfinished."""
    ran = subprocess.run(
        [sys.executable, "-c", "from vdb.cli.console_script import main; main()"],
        env={
            **os.environ, "_VDB_COMPLETE": f"complete_{shell}", "COMP_CWORD": str(len(words) - 1),
            "COMP_WORDS": " ".join(words),
        },
        capture_output=True, text=True, check=False, cwd=cwd,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.split()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell there")
def test_databases_and_their_collections_are_offered(untouched):
    folder, name = untouched.parent, untouched.name
    assert name in offered(["vdb", "info", name[:1]], folder)
    assert offered(["vdb", "search", name, ""], folder) == ["notes", "numbers"]
    assert offered(["vdb", "search", name, "no"], folder) == ["notes"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell there")
def test_where_there_is_nothing_nothing_is_offered_or_made(tmp_path):
    assert offered(["vdb", "search", "missing", ""], tmp_path) == []
    assert offered(["vdb", "info", "missing/x"], tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell there")
def test_commands_and_options_are_offered(tmp_path):
    assert {"import", "info", "inspect"} <= set(offered(["vdb", "i"], tmp_path))
    assert offered(["vdb", "sea"], tmp_path) == ["search"]
    assert "--threshold" in offered(["vdb", "search", "--thr"], tmp_path)
    assert "--metric" in offered(["vdb", "create", "a.vdb", "docs", "--me"], tmp_path)


def test_a_shell_that_asks_wrongly_gets_nothing_into_its_line(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", "from vdb.cli.console_script import main; main()"],
        env={**os.environ, "_VDB_COMPLETE": "complete_bash"},
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "")


def test_the_script_for_a_shell_can_be_shown(run, monkeypatch):
    # The shell is named and not looked for: there is none above a job in the background.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    assert "_VDB_COMPLETE" in run("--show-completion", "bash").out
