"""`vdb import` that fails or is interrupted loses nothing that was committed, and goes on."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from support.import_command import CREATE, contents
from vdb.api import database
from vdb.api.collection import Collection
from vdb.sources.data.npy import NpySource


@pytest.mark.parametrize("wrong", ["vector", "threads", "line"])
def test_the_corrected_command_works_after_a_failed_first_import(run, place, files, vectors, wrong):
    good = files("good")
    bad = vectors.copy()
    bad[3] = np.nan
    records = [{"id": f"d{i}"} for i in range(30)]
    path = files("bad", array=bad) if wrong == "vector" else good
    if wrong == "line":
        path = files("bad", records=[*records[:8], "{", *records[9:]])
    options = ("--threads", 0) if wrong == "threads" else ()
    assert run("import", place, "docs", path, *CREATE, *options).failed_with()
    assert wrong != "threads" or not place.exists()
    assert run("import", place, "docs", good, *CREATE).status == 0
    assert len(contents(place)) == 30


def test_ctrl_c_in_the_first_part_leaves_no_collection(run, place, files, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Collection, "add", interrupted)
    path = files()
    ran = run("import", place, "docs", path, *CREATE)
    assert ran.status == 130
    assert "0 of 30 records are committed" in ran.err
    monkeypatch.undo()
    assert run("info", place, "docs").failed_with("docs")
    assert run("import", place, "docs", path, *CREATE, "--resume").status == 0


@pytest.mark.parametrize("how", [("--upsert",), ("--resume",), (), (*CREATE, "--resume")])
@pytest.mark.parametrize(
    "option",
    [
        ("--index", "flat"), ("--M", 8), ("--ef-construction", 50), ("--model", "another"),
        ("--scores", "distance"), ("--metric", "l2"),
    ],
)  # fmt: skip
def test_an_option_that_differs_from_the_collection_is_refused(run, untouched, files, how, option):
    ran = run("import", untouched, "notes", files(), *how, *option)
    assert ran.failed_with(str(option[1]), "" if option[0] == "--scores" else "notes")


def test_options_that_agree_with_the_collection_are_taken(run, place, files):
    agree = ("--index", "hnsw", "--M", 8, "--ef-construction", 50, "--model", "m")
    for how in ((), ("--resume",), ("--upsert",)):
        ran = run("import", place, "docs", files(), *CREATE, *agree, *how)
        assert ran.status == 0, ran.err
    assert len(contents(place)) == 30


def test_ctrl_c_keeps_what_was_committed_and_says_how_to_go_on(run, place, files, monkeypatch):
    parts = iter(range(10))
    real = NpySource._records

    def interrupted(source, rows):
        for part in real(source, rows):
            if next(parts) == 2:
                raise KeyboardInterrupt
            yield part

    monkeypatch.setattr(NpySource, "_records", interrupted)
    path = files()
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 10)
    assert (ran.status, ran.out) == (130, "")
    assert "20 of 30 records are committed" in ran.err
    assert "--resume" in ran.err
    monkeypatch.undo()
    assert run("import", place, "docs", path, *CREATE, "--resume").status == 0
    assert len(contents(place)) == 30


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one child there")
def test_a_real_ctrl_c_in_the_middle_of_building(place, files):
    array = np.random.default_rng(3).normal(size=(20_000, 64)).astype(np.float32)
    path = files(array=array, records=None)
    command = [sys.executable, "-m", "vdb", "import", str(place), "docs", str(path), *CREATE]
    with subprocess.Popen(
        [*command, "--batch-rows", "500"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
            if (place / "data.mdb").exists() and (place / "data.mdb").stat().st_size > 1 << 20:
                break
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130, (out, err)
    assert out == ""
    assert "of 20,000 records are committed" in err
    assert err.count("\n") == 1
    with database.open(place, read_only=True) as db:
        kept = len(db.collection("docs"))
    assert kept % 500 == 0
    assert 0 < kept < 20_000
    assert f"{kept:,} of 20,000" in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_a_terminal_sees_a_bar_with_rate_and_time_left(place, files):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "vdb", "import", str(place), "docs", str(files()), *CREATE]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*command, "--batch-rows", "10"], stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as child:
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # what a pseudo-terminal says at its end on Linux
            while some := os.read(ours, 4096):
                seen += some
        os.close(ours)
        assert child.stdout.read().startswith(b"docs: 30 records added")
    assert child.returncode == 0
    for part in (b"importing into docs", b"30/30", b"/s", b"left"):
        assert part in seen
