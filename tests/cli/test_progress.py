"""A progress bar is one line that fits the terminal, and is shown to a terminal alone."""

import io
from types import SimpleNamespace

import pytest

from vdb.cli.render import progress_bar
from vdb.cli.render.progress_bar import bar_line, counted, stages
from vdb.cli.render.text import cell_width


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Standard error as a terminal of 70 cells that remembers what it got."""
    stream = Terminal()
    monkeypatch.setattr(progress_bar, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setenv("COLUMNS", "70")
    return stream


def test_a_line_says_how_much_is_done_how_fast_and_how_long_it_takes_yet():
    line = bar_line("importing", 2_500, 10_000, 5.0, 100)
    assert line == f"importing [{'#' * 10}{' ' * 30}]  2,500/10,000  500/s  0:00:15 left"
    assert bar_line("reading", 1_200, 0, 2.0, 100) == "reading  1,200  600/s"
    assert bar_line("done", 10, 10, 1.0, 100).endswith("10/10  10/s  0:00:00 left")
    assert bar_line("beginning", 0, 10, 0.0, 100) == f"beginning [{' ' * 40}]  0/10"


@pytest.mark.parametrize("columns", [20, 40, 60, 119])
@pytest.mark.parametrize("label", ["importing into docs", "日本語" * 30, "\x1b[31m" * 20])
def test_a_line_fits_and_drives_no_terminal(label, columns):
    for done, total in ((0, 0), (5, 0), (0, 10**9), (10**9, 10**9), (15, 10)):
        line = bar_line(label, done, total, 3.0, columns)
        assert cell_width(line) <= columns
        assert line.isprintable()


def test_each_stage_has_a_line_that_ends_with_its_last_state(terminal):
    with stages() as show:
        for done in range(11):
            show("reading", done, 10)
        show("writing", 0, 5)
        show("writing", 3, 5)
    reading, writing, rest = terminal.getvalue().split("\n")
    assert rest == ""
    assert all(line.startswith("reading") for line in reading.split("\r")[1:])
    assert "10/10" in reading.split("\r")[-1]
    assert "3/5" in writing.split("\r")[-1]


def test_an_error_comes_on_a_line_of_its_own(terminal):
    with pytest.raises(KeyboardInterrupt), counted("working", 10) as show:
        show(1)
        raise KeyboardInterrupt
    assert terminal.getvalue().endswith("\n")


def test_a_shorter_line_covers_the_longer_one_before(terminal):
    with stages() as show:
        show("working", 10**9, 0)
        show("working", 1, 0)
    first, second = terminal.getvalue().rstrip("\n").split("\r")[1:]
    assert len(second) >= len(first)


def test_what_is_no_terminal_gets_no_bar(capsys):
    with counted("working", 10) as show:
        show(5)
    assert capsys.readouterr().err == ""
