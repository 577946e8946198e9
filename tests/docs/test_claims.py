"""Figures and counts that a page repeats are those of the page, or the code, they come from."""

import re
from pathlib import Path

import pytest

import vdb
from vdb.model.metrics import METRICS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "benchmarks" / "2026-11-21.md").read_text(encoding="utf-8")
GENERATED = {"python.md", "scores.md"}  # from docstrings and tables, a paragraph a line
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")})


def section(text, heading):
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_rate_in_the_readme_stands_in_the_results():
    rates = set(re.findall(r"\b\d+,\d{3}\b", section(README, "Beside others")))
    assert len(rates) > 5
    missing = {rate for rate in rates if rate not in RESULTS}
    assert missing == set()


def test_the_number_of_conventions_and_engines_is_that_of_the_table():
    names = {name for metric in METRICS for name in vdb.scores.conventions(metric)} - {
        "native",
        "relevance",
    }
    engines = {name.partition("-")[0] for name in names}
    stated = f"{len(names)} conventions of {len(engines)} engines"
    for page in ("README.md", "CHANGELOG.md"):
        assert stated in " ".join((ROOT / page).read_text(encoding="utf-8").split()), page


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in GENERATED],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_prose_is_wrapped(page):
    """Tables and code are as wide as they must be."""
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    long = [
        line
        for line in text.splitlines()
        if len(line) > 115 and not line.lstrip().startswith("|") and not line.startswith("`")
    ]
    assert long == [], "wrap these at 110 columns"


def test_the_changelog_is_grouped_and_says_each_thing_once():
    """Two changes that are merged by lines can both keep what one of them has reworded."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.findall(r"^- (.+)$", text, re.MULTILINE)
    assert [entry for entry in entries if entries.count(entry) > 1] == []
    intro = text.partition("### ")[0]
    assert "\n- " not in intro
