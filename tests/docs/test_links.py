"""Every link between pages leads to a page that is there, and to a heading that it has."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(\s*(?!https?://|mailto:)([^)\s#]*)(#[^)\s]*)?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name(page):
    return page.relative_to(ROOT).as_posix()


def anchors(page):
    """The anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in HEADING.findall(text)
    }


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(page):
    for target, anchor in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        goal = page.parent / target if target else page
        assert goal.exists(), f"{name(page)} links to {target}"
        if anchor:
            assert anchor[1:] in anchors(goal), f"{name(page)} links to {target}{anchor}"


def test_every_page_can_be_reached_from_the_index():
    start = ROOT / "docs" / "index.md"
    reached, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        for target, _ in LINK.findall(page.read_text(encoding="utf-8")):
            goal = (page.parent / target).resolve()
            if goal.suffix == ".md" and goal not in reached:
                reached.add(goal)
                waiting.append(goal)
    missing = [name(page) for page in PAGES if page not in reached and page.parent != ROOT]
    assert missing == []


def test_every_page_but_single_decisions_is_in_the_navigation_of_the_site():
    docs = ROOT / "docs"
    config = (docs / "zensical.toml").read_text(encoding="utf-8")
    pages = {page.relative_to(docs).as_posix() for page in docs.glob("**/*.md")}
    listed = set(re.findall(r'= "([^"]+\.md)"', config))
    roots = {"CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
    assert listed == roots | {page for page in pages if not page.startswith("decisions/0")}
