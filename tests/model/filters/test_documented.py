"""docs/reference/filters.md and the code say the same: operators, examples, bounds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import vdb
from vdb.model import config, filters
from vdb.model.filters import nodes
from vdb.model.filters.paths import LONGEST_PATH
from vdb.model.filters.values import LONGEST_TEXT

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "filters.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(\{.*?\})` \| `(.*?)` \| (yes|no) \|$", TEXT, re.MULTILINE)
SPELLINGS = re.findall(r"^\| `(\{\"a\".*?\})`.*? \| `(F\..*?)`", TEXT, re.MULTILINE)


def test_there_are_examples():
    assert len(EXAMPLES) > 40 and len(SPELLINGS) >= 11


@pytest.mark.parametrize(("where", "payload", "passes"), EXAMPLES)
def test_an_example_comes_out_as_the_page_says(where, payload, passes):
    tree = filters.parse(json.loads(where))
    assert filters.predicate(tree)(json.loads(payload)) is (passes == "yes")


@pytest.mark.parametrize(("where", "expression"), SPELLINGS)
def test_both_spellings_of_the_table_make_the_same_tree(where, expression):
    made = eval(expression, {"F": vdb.F})
    assert repr(made) == repr(filters.parse(json.loads(where)))


def test_every_operator_is_on_the_page():
    kinds = [kind for kind in vars(nodes).values() if isinstance(kind, type)]
    for operator in {getattr(kind, "operator", "") for kind in kinds} - {""}:
        assert f"{operator}`" in TEXT or f'"{operator}"' in TEXT, operator


def test_the_bounds_are_the_ones_in_use():
    stated = re.search(
        r"at most (\d+) levels, ([\d,]+) conditions and joints, and ([\d,]+) values in a list; "
        r"the name of a field has at most (\d+) bytes. Its lists have at most ([\d,]+) values "
        r"together, and a string at most ([\d,]+) characters",
        " ".join(TEXT.split()),
    ).groups()
    assert "1,000,000 ids together" in TEXT and nodes.MOST_IDS == 1_000_000
    assert [int(text.replace(",", "")) for text in stated] == [
        nodes.DEEPEST,
        nodes.MOST_NODES,
        nodes.MOST_VALUES,
        LONGEST_PATH,
        nodes.MOST_VALUES_IN_ALL,
        LONGEST_TEXT,
    ]
    assert config.LIMITS.payload_bytes == LONGEST_TEXT


def test_the_error_at_the_end_is_the_one_raised():
    with pytest.raises(vdb.InvalidFilterError) as caught:
        filters.parse({"pep": {"$gte": None}})
    assert str(caught.value) in TEXT
