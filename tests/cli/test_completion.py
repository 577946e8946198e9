"""A shell is offered databases and collections, and offering changes nothing."""

import os
import shutil
import subprocess
import sys

import pytest


def offered(words, cwd, shell="bash"):
    """What the shell is told for these words, of which the last is unfinished."""
    ran = subprocess.run(
        [sys.executable, "-c", "from vdb.cli.console_script import main; main()"],
        env={
            **os.environ, "_VDB_COMPLETE": f"{shell}_complete", "COMP_CWORD": str(len(words) - 1),
            "COMP_WORDS": " ".join(words),
        },
        capture_output=True, text=True, check=False, cwd=cwd,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    return [line.removeprefix("plain,") for line in ran.stdout.split("\n") if line]


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
        env={**os.environ, "_VDB_COMPLETE": "bash_complete"},
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_can_be_shown(run, monkeypatch, shell):
    shown = run("--show-completion", shell)
    assert f"_VDB_COMPLETE={shell}_complete" in shown.out
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert run("--show-completion") == shown


def test_a_shell_without_a_script_is_one_line(run, monkeypatch):
    for option in ("--show-completion", "--install-completion"):
        assert run(option, "tcsh").failed_with("bash, zsh or fish", "tcsh")
        monkeypatch.setenv("SHELL", "")
        assert run(option).failed_with("bash, zsh or fish")


@pytest.mark.parametrize(
    ("shell", "script", "start"),
    [
        ("bash", ".bash_completions/vdb.sh", ".bashrc"),
        ("zsh", ".zfunc/_vdb", ".zshrc"),
        ("fish", ".config/fish/completions/vdb.fish", None),
    ],
)
def test_the_script_is_installed_once_and_replaces_no_line_of_the_user(
    run, tmp_path, monkeypatch, *, shell, script, start
):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    if start is not None:
        (tmp_path / start).write_text("mine=1\n", encoding="utf-8")
    for _ in range(2):
        assert str(tmp_path / script) in run("--install-completion", shell).out
    assert (tmp_path / script).read_text(encoding="utf-8") == run("--show-completion", shell).out
    if start is not None:
        lines = (tmp_path / start).read_text(encoding="utf-8").splitlines()
        assert lines[0] == "mine=1"
        assert len([line for line in lines if line]) == 2
        assert str((tmp_path / script).parent) in lines[-1]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_by_the_script(untouched, tmp_path):
    """Bash itself runs the script, and calls the function that it defines."""
    launcher = tmp_path / "bin" / "vdb"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vdb "$@"\n')
    launcher.chmod(0o755)
    lines = """
        source <(vdb --show-completion bash)
        COMP_WORDS=(vdb search {name} n) COMP_CWORD=3
        _vdb_completion vdb
        echo "${COMPREPLY[@]}"
    """.replace("{name}", untouched.name)
    environment = os.environ | {"PATH": f"{launcher.parent}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(
        ["bash", "--norc", "-c", lines],
        capture_output=True, text=True, check=False, cwd=untouched.parent, env=environment,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == ("notes numbers\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell there")
def test_the_shell_itself_completes_files(tmp_path):
    assert offered(["vdb", "import", "a.vdb", "docs", "vec"], tmp_path) == ["file,vec"]
    assert offered(["vdb", "inspect", "a.vdb", "docs", "--html", "p"], tmp_path) == ["file,p"]
    assert offered(["vdb", "search", "a.vdb", "docs", "--vector", "q"], tmp_path) == ["file,q"]
