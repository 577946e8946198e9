"""Tables fit the terminal, whatever alphabet their cells are written in."""

import os
import re
import struct
import subprocess
import sys

import pytest

from vdb.cli.render.table_layout import Layout
from vdb.cli.render.text import cell_width, cut, printable, shortened, wrapped

WIDTHS = {
    "abc": 3,
    "日本語": 6,
    "ｱｲｳ": 3,  # half-width
    "\uff21": 2,  # full-width
    "한국": 4,
    "\u1112\u1161\u11ab": 2,  # the same kind of syllable, of three letters
    "e\u0301": 1,
    "\u0646\u064e": 1,
    "😀": 2,
    "\u2764\ufe0f": 2,  # a heart, as an emoji
    "\u2764": 1,
    "🇫🇷": 2,
    "": 0,
}
TEXTS = [
    *WIDTHS,
    "plain words of several lengths",
    "日本語のテキスト と words",
    "e\u0301" * 30,
    "-" * 50,
]


@pytest.mark.parametrize(("text", "width"), WIDTHS.items())
def test_a_text_is_measured_in_cells(text, width):
    assert cell_width(text) == width


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [2, 3, 5, 8, 20])
def test_texts_are_cut_and_wrapped_within_a_width_and_nothing_is_lost(text, width):
    head = cut(text, width)
    assert text.startswith(head)
    assert cell_width(head) <= width
    if head != text:
        assert cell_width(text[: len(head) + 1]) > width
    assert cell_width(shortened(text, width)) <= width
    lines = wrapped(text, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_end_between_words_and_long_words_are_broken():
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("  label goes on", 9) == ["  label", "goes on"]
    assert wrapped("a verylongword b", 6) == ["a", "verylo", "ngword", "b"]
    assert wrapped("日本語のテキスト", 5) == ["日本", "語の", "テキ", "スト"]


ROWS = [
    ("1", "note-日本", "-0.0376979", "日本語のテキストです。" * 9),
    ("2", "b", "1", "plain words " * 9),
    ("3", "e\u0301" * 70, "0.5", printable("\x1b[31mred\x1b[0m\n")),
]


@pytest.mark.parametrize("headings", [None, ["rank", "id", "score", "text"]])
@pytest.mark.parametrize("shorten", [None, 3])
@pytest.mark.parametrize("width", [40, 60, 80, 120, 400])
def test_no_line_of_a_table_is_wider_than_the_terminal(width, shorten, headings):
    head, body = Layout(headings, {0, 2}, shorten, width).lines(ROWS)
    assert max(map(cell_width, [*head, *body])) <= width
    assert (len(body) == len(ROWS) + 2 * (headings is not None)) or width < 400


def test_numbers_end_under_each_other_and_texts_begin_so():
    head, body = Layout(["n", "語", "x"], {0}).lines([("5", "日", "p"), ("1,234", "ab", "q")])
    assert head == ["", "     n   語   x"]
    assert body == [" ──────────────", "     5   日   p", " 1,234   ab   q", ""]


def test_a_table_without_headings_has_no_frame():
    assert Layout(None).lines([("a", "1"), ("long", "2")]) == ([], ["a     1", "long  2"])


def test_words_are_broken_only_where_the_columns_cannot_be_narrow_enough_without():
    rows = [("pep-0008/1234", "several words of text", "no")]
    assert Layout(["id", "text", "relevant"], (), None, 40).column_widths(rows) == [13, 12, 8]
    assert Layout(["id", "text", "relevant"], (), None, 36).column_widths(rows) == [13, 8, 8]
    assert max(Layout(["id", "text", "relevant"], (), None, 30).column_widths(rows)) < 13


def test_columns_that_fit_are_left_alone_where_one_is_too_wide():
    widths = Layout(["a", "b"], (), None, 30).column_widths([("short", "word " * 20)])
    assert widths == [5, 30 - 1 - 3 - 5]


def on_a_terminal(command, columns=80, **variables):
    """What a command writes to a terminal of that width, as bytes."""
    fcntl, pty, termios = (pytest.importorskip(n) for n in ("fcntl", "pty", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    environment |= {"TERM": "xterm-256color"} | variables
    with subprocess.Popen(
        [sys.executable, "-m", "vdb", *map(str, command)],
        stdout=theirs, stderr=theirs, env=environment,
    ):  # fmt: skip
        os.close(theirs)
        seen = b""
        while True:
            try:
                some = os.read(ours, 4096)
            except OSError:  # the end, on Linux
                break
            if not some:
                break
            seen += some
    os.close(ours)
    return seen


@pytest.mark.parametrize("columns", [60, 120])
def test_what_a_terminal_gets_fits_its_width(filled, columns):
    seen = on_a_terminal(["search", filled, "notes", "--id", "note-0"], columns).decode()
    _title, *lines = re.sub("\x1b\\[[0-9;]*m", "", seen).splitlines()
    assert len(lines) == 14
    assert max(map(len, lines)) <= columns
    assert "\x1b[1m" in seen


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours_gets_no_escape_sequence(filled, variables):
    seen = on_a_terminal(["info", filled], **variables)
    assert b"notes" in seen
    assert b"\x1b" not in seen


def test_what_is_no_terminal_gets_no_escape_sequence(run, filled):
    assert "\x1b" not in run("info", filled).out


def test_an_output_that_is_not_utf8_gets_lines_and_dots_that_it_has(filled):
    command = [sys.executable, "-m", "vdb", "search", filled, "notes", "--id", "note-0"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "60"}
    shown = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    assert b" -----" in shown
    assert b"\\u" not in shown
