"""CONTRIBUTING's recipes name every file of the source that knows one of a kind by its name."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "vdb").is_dir(), reason="a wheel is tested without its source beside it"
)
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# The conventions of engines are rows of other people's: each engine has the metrics that it has.
ENGINES = ROOT / "vdb" / "scores" / "engines"
# So are the types of numbers in their files, and the distances of frameworks.
FILES = {ROOT / "vdb" / "sources", ROOT / "vdb" / "exports", ROOT / "vdb" / "integrations"}


def naming(word, symbol):
    """The files in which a word is a value, or in the kernel a name."""
    for file in (ROOT / "vdb").rglob("*.py"):
        if file.parent == ENGINES or FILES & set(file.parents):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.Constant) and node.value == word for node in ast.walk(tree)):
            yield file
    for file in (ROOT / "vdb" / "kernel").rglob("*.[hc]*"):
        if file.suffix == ".pyc":
            continue
        if re.search(rf'{symbol}\b|"{word}"', file.read_text(encoding="utf-8")):
            yield file


@pytest.mark.parametrize(
    ("kind", "word", "symbol"),
    [
        ("A metric", "l1", "kL1"),
        ("A dtype", "float16", "kFloat16"),
        ("A code type", "int4", "kInt4"),
    ],
)
def test_a_recipe_lists_every_file_that_knows_one_of_the_kind(kind, word, symbol):
    recipe = CONTRIBUTING.partition(f"\n### {kind}\n")[2].partition("\n### ")[0]
    listed = set(re.findall(r"`(vdb/[\w/.]+)`", recipe))
    found = {file.relative_to(ROOT).as_posix() for file in naming(word, symbol)}
    assert found
    assert found - listed == set()
