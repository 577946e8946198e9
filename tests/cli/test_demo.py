"""`tools/demo` explains itself, and says in one line what it cannot do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tools" / "demo"

needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="tools/demo is a bash script")


def ran(*command):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )


@needs_bash
def test_help_says_what_it_does_and_installs_nothing():
    shown = ran(DEMO, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("Usage: tools/demo [DIRECTORY]")
    assert "about a minute" in shown.stdout


@needs_bash
@pytest.mark.parametrize("arguments", [["--nope"], ["a", "b"], [""]])
def test_wrong_arguments_are_one_line_and_install_nothing(arguments):
    shown = ran(DEMO, *arguments)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.startswith("tools/demo: ")
    assert shown.stderr.count("\n") == 1


@needs_bash
def test_it_says_first_that_it_installs_and_compiles(tmp_path):
    (tmp_path / "tools").mkdir()
    for name in ("demo", "install"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools" / name)
    (tmp_path / "vdb" / "kernel").mkdir(parents=True)
    (tmp_path / "vdb" / "model").mkdir()
    (tmp_path / "vdb" / "model" / "version.py").touch()
    (tmp_path / "pyproject.toml").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    python.write_text("#!/bin/sh\nexit 0\n")  # installs and shows nothing
    python.chmod(0o755)
    first, second = ran(tmp_path / "tools" / "demo"), ran(tmp_path / "tools" / "demo")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "compiled, which takes about a minute" in first.stderr
    assert second.stderr == ""


def test_it_explains_the_star_and_recall_and_keeps_the_database_where_told(tmp_path):
    shown = ran(sys.executable, ROOT / "tools" / "demo.py", tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "recall@10: the share of the 10 nearest by exact search" in shown.stdout
    assert "A * marks a paragraph" in shown.stdout
    assert (tmp_path / "peps.vdb").is_dir()
    again = ran(sys.executable, ROOT / "tools" / "demo.py", tmp_path)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("tools/demo: ")
    assert again.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_a_reader_that_goes_away_gets_no_traceback():
    command = [sys.executable, str(ROOT / "tools" / "demo.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() == 1
