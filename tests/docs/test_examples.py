"""Every Python block and `vdb` command of a page runs, in the order in which it is read."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from vdb.cli.app import run

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Its examples are those of docstrings, which test_docstrings.py runs; and cli.md has a test below.
ELSEWHERE = ("docs/reference/python.md", "docs/reference/cluster.md", "docs/reference/cli.md")


def name(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    """Language, source and first line of each block that can run."""
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        language, source = block.groups()
        if language == "python" or re.search(r"^vdb ", source, re.MULTILINE):
            yield language, source, text.count("\n", 0, block.start(2))


def commands(source):
    """The `vdb` commands of a block, as lists of arguments."""
    lines = source.replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("vdb ")]


# A page about a framework runs where that is installed: in the environment of tools/hosts.
HOSTS = {
    "docs/guide/datasets.md": "datasets",
    "docs/guide/haystack.md": "haystack",
    "docs/guide/langchain.md": "langchain_core",
    "docs/guide/llama-index.md": "llama_index.core",
    "docs/guide/mteb.md": "mteb",
    "docs/guide/retrieval.md": "ir_measures",
    "docs/guide/scikit-learn.md": "sklearn",
}


RUNNING = [page for page in PAGES if name(page) not in ELSEWHERE and list(blocks(page))]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder with the sample in it, in which the examples run."""
    shutil.copytree(ROOT / "docs" / "sample", tmp_path / "docs" / "sample")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", RUNNING, ids=name)
def test_a_page_can_be_followed_from_top_to_bottom_in_one_directory(page, place, capsys):
    """Each block goes on with what the ones before it have left, names and files."""
    if name(page) in HOSTS:
        pytest.importorskip(HOSTS[name(page)])
    names = {"__name__": "example"}
    for language, source, line in blocks(page):
        if language == "python":
            # The empty lines put the block's own line numbers into a traceback.
            exec(compile("\n" * line + source, page, "exec"), names)
            continue
        for command in commands(source):
            assert run(command) == 0, capsys.readouterr().err


def test_the_example_of_every_command_runs(place, capsys):
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    text = text.replace("$PWD", str(place))
    lines = [shlex.split(line)[1:] for line in SHELL.findall(text)]
    examples = {" ".join(words[: 1 + (words[0] == "cluster")]): words for words in lines}
    order = (
        *("import", "info", "inspect", "export", "index-field", "search", "get", "count"),
        *("cluster create", "cluster status", "cluster load", "cluster reshard", "cluster move"),
        *("cluster backup", "cluster check", "cluster demo"),
        *("values", "compare"),
        *("tune", "bench", "scores", "fusions", "calibrate", "check", "backup", "backups"),
        *("restore", "compact", "rebuild", "atlas", "drop", "create", "alias", "rename"),
    )
    for command in order:
        if command == "backups":
            assert run(["backup", "peps.vdb", f"file://{place}/backups"]) == 0
        assert run(examples.pop(command)) == 0, capsys.readouterr().err
    # The one serves until it is interrupted, the other needs a disk that is gone.
    assert examples.keys() == {"explore", "cluster restore"}


@pytest.mark.parametrize("page", ["README.md", "docs/first-steps.md"])
def test_the_first_pages_show_python_and_the_shell(page):
    assert {language for language, _, _ in blocks(ROOT / page)} == {"python", "sh"}
