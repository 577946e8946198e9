"""Prose is British, identifiers are American, as those of numpy and Lucene are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BRITISH = re.compile(
    r"colour|centre|neighbour|behaviour|favour|"
    r"(?:normal|optim|vector|initial|serial|final|quant|random|synchron|special|general)is"
    r"(?:e[ds]?|ing|ation|er)",
    re.IGNORECASE,
)
AMERICAN = re.compile(
    r"\b(?:neighbors?|colors?|behaviors?|favors?|centers?|labeled|"
    r"(?:normal|optim|initial|serial|random|synchron|special)ized?)\b"
)


def identifiers(tree):
    """The names that a module defines."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr


@pytest.mark.skipif(
    not (ROOT / "vdb").is_dir(), reason="a wheel is tested without its source beside it"
)
def test_identifiers_of_the_package_are_american():
    british = set()
    for file in (ROOT / "vdb").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        british |= {
            f"{file.relative_to(ROOT)}: {name}"
            for name in identifiers(tree)
            if BRITISH.search(name)
        }
    assert british == set()


def test_the_prose_of_pages_is_british():
    american = set()
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        text = re.sub(
            r"^```.*?^```|`[^`]*`|\]\([^)]*\)",
            "",
            page.read_text(encoding="utf-8"),
            flags=re.MULTILINE | re.DOTALL,
        )
        american |= {f"{page.relative_to(ROOT)}: {word}" for word in AMERICAN.findall(text)}
    assert american == set()
