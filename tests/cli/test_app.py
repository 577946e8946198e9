"""Errors are one line, exit statuses mean one thing each, and no traceback is ever seen."""

import json
import os
import subprocess
import sys

import pytest

from vdb import database
from vdb.cli import app
from vdb.version import __version__


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, **options
    )


def test_python_m_vdb_is_the_command_line():
    assert python("-m", "vdb", "--version").stdout.strip() == f"vdb {__version__}"


def test_importing_vdb_loads_no_command_line():
    code = "import sys, vdb; print([m for m in ('typer', 'rich', 'vdb.cli') if m in sys.modules])"
    ran = python("-c", code)
    assert ran.stdout.strip() == "[]", ran.stderr


def test_reading_json_loads_no_rich(filled):
    code = "import sys, typer; old = 'rich' in sys.modules; from vdb.cli import app; "
    code += "app.run(sys.argv[1:]); print(old or 'rich' not in sys.modules)"
    ran = python("-c", code, "info", str(filled), "--json")
    assert ran.stdout.rstrip().endswith("True"), ran.stderr


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nonsense"], "nonsense"),
        (["info"], "DIR"),
        (["info", "x.vdb", "--nope"], "--nope"),
        (["search", "x.vdb", "c", "-k", "ten"], "-k"),
        (["create", "x.vdb", "c", "d", "e"], "unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_1(run, arguments, part):
    assert run(*arguments).failed_with(part, "--help")


def test_no_command_prints_the_help(run):
    ran = run()
    assert (ran.status, ran.err) == (0, "")
    assert "import" in ran.out
    assert ran == run("--help")


@pytest.mark.parametrize("command", ["info", "check", "drop", "search", "import"])
def test_a_missing_database_is_an_error_and_is_not_made(run, tmp_path, command):
    (tmp_path / "v.npy").write_bytes(b"")
    extra = {
        "drop": ["c", "--yes"],
        "search": ["c", "--id", "a"],
        "import": ["c", tmp_path / "v.npy"],
    }.get(command, [])
    assert run(command, tmp_path / "no.vdb", *extra).failed_with()
    assert not (tmp_path / "no.vdb").exists()


def test_a_defect_is_one_line_too(run, monkeypatch, tmp_path):
    def broken(*_, **__):
        raise ZeroDivisionError("by\nnothing")

    monkeypatch.setattr(database, "open", broken)
    assert run("info", tmp_path).failed_with("internal error", "ZeroDivisionError", "by nothing")


def test_a_defect_shows_its_traceback_when_asked(run, monkeypatch, tmp_path):
    monkeypatch.setattr(database, "open", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("VDB_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run("info", tmp_path)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (OSError(13, "Permission denied", "x.npy"), "x.npy: Permission denied"),
        (MemoryError(), "out of memory"),
    ],
)
def test_errors_of_the_system_are_one_line(run, monkeypatch, tmp_path, error, part):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(database, "open", broken)
    assert run("info", tmp_path).failed_with(part)


def test_ctrl_c_is_a_sentence_and_status_130(run, monkeypatch, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(database, "open", interrupted)
    ran = run("info", tmp_path)
    assert (ran.status, ran.out, ran.err) == (130, "", "vdb: interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_a_reader_that_goes_away_is_no_error(filled):
    command = [sys.executable, "-m", "vdb", "info", str(filled), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        ran.stdout.close()
        assert ran.stderr.read() == b""
        assert ran.wait() == 1


def test_output_that_the_terminal_cannot_show_is_escaped(filled):
    with database.open(filled) as db:
        db.collection("notes").set_payloads("note-0", {"text": "naïve 😀"})
    ran = python(
        "-m", "vdb", "search", str(filled), "notes", "--id", "note-0", "-k", "1",
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "na\\xefve \\U0001f600" in ran.stdout


@pytest.mark.parametrize("command", ["info", "check"])
def test_json_is_one_object(run, untouched, command):
    ran = run(command, untouched, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert isinstance(json.loads(ran.out), dict)


def test_commands_are_listed_in_the_order_of_use():
    names = [command.name or command.callback.__name__ for command in app.app.registered_commands]
    assert names == ["create", "info", "import", "search", "check", "drop"]
