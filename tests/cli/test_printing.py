"""Whatever a path, an id or a text holds, a terminal obeys none of it."""

import json
from pathlib import Path

import numpy as np
import pytest

import vdb

ODD = "a\x1b[31m \x9b2J \u202eb\r\x07c"  # escape sequences of two kinds, a turn of direction


@pytest.fixture
def place(tmp_path, vectors):
    """A database, and files to import, all with names that would drive a terminal."""
    there = tmp_path / ODD
    with vdb.open(there) as db:
        docs = db.create_collection("docs", dim=8, metric="l2", model=ODD)
        docs.add([ODD, f"{ODD} 2"], vectors[:2], [{"text": ODD, ODD: ODD}, None])
    np.save(tmp_path / f"{ODD}.npy", vectors)
    (tmp_path / f"{ODD}.jsonl").write_text(
        "".join(json.dumps({"id": f"{ODD} {i}", "text": ODD}) + "\n" for i in range(30)),
        encoding="utf-8",
    )
    return there


def lines(place):
    beside = place.with_name
    file = beside(f"{ODD}.npy")
    return {
        "create": ("create", beside(f"{ODD} new")),
        "import": ("import", place, "more", file, "--create", "--metric", "l2"),
        "info": ("info", place),
        "info of one": ("info", place, "docs"),
        "inspect": ("inspect", place, "docs"),
        "inspect a record": ("inspect", place, "docs", "--id", ODD),
        "search": ("search", place, "docs", "--id", ODD, "--explain"),
        "search what is not there": ("search", place, "docs", "--id", f"{ODD}?"),
        "export": ("export", place, "docs", "--out", beside(f"{ODD} out")),
        "page": ("inspect", place, "docs", "--html", beside(f"{ODD}.html")),
        "rebuild": ("rebuild", place, "docs", "--metric", "ip"),
        "dry run": ("rebuild", place, "docs", "--metric", "cosine", "--dry-run"),
        "check": ("check", place),
        "repair": ("check", place, "--repair"),
        "compact": ("compact", place),
        "backup": ("backup", place, beside(f"{ODD} copy")),
        "nowhere": ("info", beside(f"{ODD}?")),
        "no file": ("import", place, "docs", beside(f"{ODD}?.npy")),
        "a file": ("info", file),
        "drop": ("drop", place, "docs", "--yes"),
    }


NAMES = list(lines(Path("x")))


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_printed_that_a_terminal_obeys(run, place, name, more):
    ran = run(*lines(place)[name], *more)
    said = ran.out + ran.err
    assert said
    assert [c for c in said if not c.isprintable() and c != "\n"] == []
    assert "internal error" not in said
    if more and ran.status == 0:
        assert isinstance(json.loads(ran.out), dict)


def test_json_says_the_path_as_it_is(run, place):
    assert run("check", place, "--json").json["path"] == str(place)
    assert run("search", place, "docs", "--id", ODD, "--json").json["hits"][0]["id"] == ODD


def test_damage_is_told_in_one_line_that_can_be_printed(run, place):
    (place / "data.mdb").write_bytes(b"\x1b[31m" * 4000)
    for line in (("info", place), ("check", place), ("check", place, "--repair")):
        ran = run(*line)
        assert ran.status in (1, 2)
        assert [c for c in ran.out + ran.err if not c.isprintable() and c != "\n"] == []


def test_control_characters_stay_in_files_that_programs_read(run, place):
    out = place.with_name("out")
    assert run("export", place, "docs", "--out", out).status == 0
    text = out.with_suffix(".jsonl").read_text(encoding="utf-8")
    ids = [json.loads(line)["id"] for line in text.split("\n")[:-1]]
    assert ids == [ODD, f"{ODD} 2"]
