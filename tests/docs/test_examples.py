"""Every Python block and `vdb` command in the documents runs; every link leads somewhere."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from vdb.cli.app import run

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")


def name(page):
    return page.relative_to(ROOT).as_posix()


# Each block goes on where the one before it ended.
STORIES = ("docs/first-steps.md",)


def blocks():
    for page in PAGES:
        if name(page) in STORIES:
            continue
        text = page.read_text(encoding="utf-8")
        for i, found in enumerate(BLOCK.finditer(text)):
            line = text.count("\n", 0, found.start(1)) + 1
            yield pytest.param(page, line, found[1], id=f"{name(page)}-{i}")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder with the sample in it, in which the examples run."""
    shutil.copytree(ROOT / "docs" / "sample", tmp_path / "docs" / "sample")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("page", "line", "source"), list(blocks()))
def test_every_python_block_runs_by_itself(page, line, source, place):
    # The empty lines put the block's own line numbers into a traceback.
    exec(compile("\n" * (line - 1) + source, page, "exec"), {"__name__": "example"})


@pytest.mark.parametrize("page", ["README.md", *STORIES])
def test_a_page_can_be_followed_from_top_to_bottom_in_one_directory(page, place, capsys):
    """Python and shell by turns, each with what the ones before it have left."""
    text = (ROOT / page).read_text(encoding="utf-8")
    kinds = set()
    told = {"__name__": "example"}
    for language, source in ANY.findall(text):
        if language == "python":
            exec(compile(source, page, "exec"), told if page in STORIES else dict(told))
            kinds.add(language)
            continue
        for line in source.splitlines():
            if line.startswith("vdb "):
                assert run(shlex.split(line)[1:]) == 0, capsys.readouterr().err
                kinds.add(language)
    assert kinds == {"python", "sh"}


@pytest.mark.parametrize("page", ["README.md", "docs/sample/README.md"])
def test_every_vdb_command_runs_in_the_order_of_the_page(page, place, capsys):
    text = (ROOT / page).read_text(encoding="utf-8")
    lines = [line for block in SHELL.findall(text) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("vdb ")]
    assert commands
    for command in commands:
        assert run(command) == 0, capsys.readouterr().err


def test_the_example_of_every_command_runs(place, capsys):
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    examples = {line.split()[1]: shlex.split(line)[1:] for line in SHELL.findall(text)}
    order = (
        *("import", "info", "inspect", "export", "search", "compare", "tune", "bench", "scores"),
        *("calibrate", "check", "backup", "restore", "compact", "rebuild", "drop", "create"),
    )
    for command in order:
        assert run(examples.pop(command)) == 0, capsys.readouterr().err
    assert examples == {}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_between_pages_leads_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{name(page)} links to {target}"


def test_the_readme_has_a_python_example():
    assert BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
