"""Errors are one line, exit statuses mean one thing each, and no traceback is ever seen."""

import importlib.metadata
import json
import os
import subprocess
import sys

import pytest

from vdb.api import database
from vdb.cli import app
from vdb.cli.render.wording import in_options
from vdb.model.version import __version__


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, **options
    )


def test_python_m_vdb_is_the_command_line():
    assert python("-m", "vdb", "--version").stdout.strip() == f"vdb {__version__}"


def test_importing_vdb_loads_no_command_line():
    code = "import sys, vdb; print([m for m in ('click', 'vdb.cli') if m in sys.modules])"
    ran = python("-c", code)
    assert ran.stdout.strip() == "[]", ran.stderr


def test_a_command_loads_nothing_heavy(filled):
    """Analyses, rebuilds and repairs load where they are called: they take longer than a search."""
    code = "import sys; from vdb.cli import app; app.run(sys.argv[1:]); "
    code += "heavy = 'rich', 'typer', 'pydantic', 'pyarrow', 'asyncio', 'vdb.analysis', "
    code += "'vdb.maintenance.rebuild.run', 'vdb.maintenance.repair', 'vdb.sources'; "
    code += "print(set(heavy) & set(sys.modules))"
    ran = python("-c", code, "info", str(filled))
    assert ran.stdout.rstrip().endswith("set()"), (ran.stdout, ran.stderr)


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
def test_a_reader_that_goes_away_is_quiet_and_ends_as_a_broken_pipe_does(filled):
    command = [sys.executable, "-m", "vdb", "info", str(filled), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        ran.stdout.close()
        assert ran.stderr.read() == b""
        assert ran.wait() == 141


def test_output_that_the_terminal_cannot_show_is_escaped(filled):
    with database.open(filled) as db:
        db.collection("notes").set_payloads("note-0", {"text": "naïve 😀"})
    ran = python(
        "-m", "vdb", "search", str(filled), "notes", "--id", "note-0", "-k", "1",
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "na\\xefve \\U0001f600" in ran.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_json_is_json_whatever_the_encoding_of_standard_output(filled, encoding):
    text = "naïve 😀 \x9b \x7f"
    with database.open(filled) as db:
        db.collection("notes").set_payloads("note-0", {"text": text})
    command = ["-m", "vdb", "search", str(filled), "notes", "--id", "note-0", "-k", "1", "--json"]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    ran = subprocess.run(
        [sys.executable, *command], capture_output=True, check=True, env=environment
    )
    assert json.loads(ran.stdout.decode(encoding))["hits"][0]["payload"] == {"text": text}


def test_an_empty_path_is_refused_and_is_not_the_current_directory(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in ("create", "info", "check"):
        assert run(command, "").failed_with("DIR", "empty path")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_not_utf8_is_one_clear_line(run, tmp_path):
    for command in ("create", "info", "check"):
        ran = run(command, f"{tmp_path}/bad\udcff.vdb")
        assert ran.failed_with("bad\\udcff.vdb", "not UTF-8")
        assert "internal error" not in ran.err


@pytest.mark.skipif(sys.platform != "linux", reason="such names cannot be made elsewhere")
def test_a_current_directory_that_is_not_utf8_is_one_clear_line(run, tmp_path, monkeypatch):
    place = os.fsencode(tmp_path) + b"/bad\xff"
    os.mkdir(place)  # noqa: PTH102 - bytes
    monkeypatch.chdir(os.fsdecode(place))
    ran = run("create", "a.vdb")
    assert ran.failed_with("not UTF-8")
    assert "internal error" not in ran.err


def closing(number, *arguments):
    """Runs a command with one of the standard streams closed."""
    code = "import os, sys; os.close(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"
    return python("-c", code, str(number), sys.executable, "-m", "vdb", *arguments)


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not inherited so there")
def test_a_closed_standard_stream_is_one_clear_line_and_never_a_database(untouched):
    ran = closing(1, "check", str(untouched))
    assert (ran.returncode, ran.stderr) == (1, "vdb: standard output is closed\n")
    ran = closing(0, "search", str(untouched), "notes", "--vector", "-")
    assert (ran.returncode, ran.stderr) == (1, "vdb: standard input is closed\n")
    ran = closing(2, "info", str(untouched), "nothing")
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full elsewhere")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_under_standard_output_is_one_line(filled, unbuffered):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        ran = subprocess.run(
            [sys.executable, "-m", "vdb", "info", str(filled)],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (1, "vdb: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for oneself there")
@pytest.mark.parametrize("module", ["vdb.cli.app", "click", "vdb.cli.commands.search"])
def test_ctrl_c_while_the_commands_are_loaded_is_quiet_and_status_130(module):
    code = f"""
import importlib.abc, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from vdb.cli.console_script import main
main()
"""
    ran = python("-c", code, "--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


INTERRUPTING = """
import importlib.abc, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "lmdb":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for oneself there")
def test_ctrl_c_while_the_package_is_loaded_is_quiet_for_its_own_command_alone(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTING)
    for name in ("vdb", "other"):
        (tmp_path / name).write_text(
            "import vdb.cli.console_script\nvdb.cli.console_script.main()\n"
        )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = {}
    for command in (["-m", "vdb"], [str(tmp_path / "vdb")], [str(tmp_path / "other")]):
        ended[command[-1]] = subprocess.run(
            [sys.executable, *command, "--version"],
            capture_output=True, text=True, check=False, env=environment, cwd=tmp_path.parent,
        )  # fmt: skip
    other = ended.pop(str(tmp_path / "other"))
    assert "KeyboardInterrupt" in other.stderr
    for ran in ended.values():
        assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


def test_the_console_script_and_python_m_begin_in_the_same_light_module():
    code = "import sys, vdb; before = set(sys.modules); import vdb.cli.console_script; "
    code += "print(sorted(m for m in set(sys.modules) - before if m.split('.')[0] != 'vdb'))"
    assert python("-c", code).stdout.strip() in {"[]", "['signal']"}
    script = importlib.metadata.distribution("vdb").entry_points.select(name="vdb")
    assert [entry.value for entry in script] == ["vdb.cli.console_script:main"]


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ("k must be between 1 and 9, got 0", "-k must be between 1 and 9, got 0"),
        ("HNSW.M must be between 2 and 256, got 1", "--M must be between 2 and 256, got 1"),
        ("dim must be 1 or 2, got 0", "the number of dimensions must be 1 or 2, got 0"),
        ("x kept it; try again, or wait longer with lock_timeout=",
         "x kept it; try again, or wait longer with --lock-timeout"),
        ("target must be that of a directory, got the URI 'file:x'",
         "DEST must be a directory, got the URI 'file:x'"),
        ("source must be that of a directory, got the URI 'file:x'",
         "SOURCE must be a directory, got the URI 'file:x'"),
        ("target must be a score convention", "--to must be a score convention"),
        ("ids[0]: collection 'a' has no record 7", "--like: collection 'a' has no record 7"),
        ("per_group belongs to group_by=, which is not given",
         "--per-group belongs to --group-by, which is not given"),
        ("diversity must be between 0 and 1, got 2", "--diversity must be between 0 and 1, got 2"),
        ('path must be that of a directory, got the URI \'a:\'; ":memory:" is a temporary database',
         "path must be that of a directory, got the URI 'a:'"),
        ("a kit must be", "a kit must be"),
        ("'k must be'", "'k must be'"),
    ],
)  # fmt: skip
def test_messages_name_options_and_not_arguments(message, ours):
    assert in_options(message) == ours
    assert in_options(ours) == ours


@pytest.mark.parametrize("command", ["info", "check"])
def test_json_is_one_object(run, untouched, command):
    ran = run(command, untouched, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert isinstance(json.loads(ran.out), dict)


def test_commands_are_listed_in_the_order_of_use():
    assert app.app.list_commands(None) == [
        *("create", "info", "inspect", "import", "export", "search", "get", "count"),
        *("explore", "atlas"),
        *(
            "values",
            "index-field",
            "compare",
            "tune",
            "bench",
            "scores",
            "fusions",
            "calibrate",
            "rebuild",
        ),
        *("check", "backup", "backups", "restore", "compact", "rename", "alias", "drop", "cluster"),
    ]
