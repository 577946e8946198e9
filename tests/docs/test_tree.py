"""What documents say of the source: its folders, its floors, its paths, its commands."""

import re
import tomllib
from pathlib import Path

import pytest

from vdb.cli.app import app

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "vdb"
pytestmark = pytest.mark.skipif(
    not (ROOT / "vdb").is_dir(), reason="a wheel is tested without its source beside it"
)
ARCHITECTURE = (ROOT / "docs" / "internals" / "architecture.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
# A decision names the paths of its day.
PAGES = [
    page
    for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if page.parent.name != "decisions"
]
OWN_PATH = re.compile(r"`((?:vdb|tools|tests|docs)/[\w./*-]*)")


def is_source(path):
    return (path.is_dir() or path.suffix == ".py") and not path.name.startswith("__")


def rows_of(heading):
    """The paths in the first column of the table under a heading."""
    _, _, rest = ARCHITECTURE.partition(f"\n## {heading}\n")
    section, _, _ = rest.partition("\n## ")
    first = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {path.rstrip("/") for cell in first for path in re.findall(r"`([^`]+)`", cell)}


def test_the_table_of_floors_has_every_folder_and_module_of_the_package():
    tree = {f"vdb/{path.name}" for path in SOURCE.iterdir() if is_source(path)}
    assert rows_of("The floors") == tree


def test_the_guide_to_the_source_has_every_folder_inside_a_floor():
    folders = {
        f"vdb/{floor.name}/{path.name}"
        for floor in SOURCE.iterdir()
        if floor.is_dir() and floor.name != "kernel"
        for path in floor.iterdir()
        if path.is_dir() and is_source(path)
    }
    assert folders <= rows_of("Guide to the source")


def test_the_picture_of_the_floors_is_the_contract_that_the_linter_checks():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one.get("containers") == ["vdb"]]
    picture = re.search(r"```text\n(.*?)```", ARCHITECTURE, re.DOTALL)[1]
    drawn = [re.match(r"\w+(?: \| \w+)*", line)[0] for line in picture.splitlines()]
    planned = re.compile(r" \| \(\w+\)")
    assert drawn == [planned.sub("", layer) for layer in layers]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_of_ours_that_a_page_names_is_there(page):
    for path in OWN_PATH.findall(page.read_text(encoding="utf-8")):
        assert list(ROOT.glob(path.rstrip("./"))), f"{page.name} names {path}"


def test_every_file_of_the_kernel_that_a_page_names_is_there():
    files = {path.name for path in (SOURCE / "kernel").rglob("*.*")}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"`(?:[a-z_]+/)*([a-z_0-9]+\.(?:h|inc))`", text))
        assert named <= files, page.name


def test_the_changelog_lists_every_command():
    commands = set(app.commands)
    listed = re.search(r"The commands (`[^.]+`)\.", " ".join(CHANGELOG.split()))[1]
    assert set(re.findall(r"`(?:vdb )?([\w-]+)`", listed)) == commands
