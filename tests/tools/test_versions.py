"""The versions that the tests are run with besides those that pip takes by itself."""

import tomllib
from pathlib import Path

import pytest

from tools import versions

PROJECT = tomllib.loads(Path(versions.PROJECT).read_text(encoding="utf-8"))["project"]


def test_the_oldest_are_the_bounds_of_the_project():
    found = dict(line.split("==") for line in versions.oldest(PROJECT))
    assert found["lmdb"] == "3.0"
    assert set(found) == {
        line.partition(">=")[0]
        for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    }


def test_the_newest_have_no_bound_but_those_of_the_project():
    found = versions.newest(PROJECT)
    assert set(PROJECT["dependencies"]) < set(found)
    assert any(line.startswith("polars") for line in found)


def test_a_requirement_without_a_bound_is_named():
    with pytest.raises(SystemExit, match="thing names no oldest"):
        versions.oldest({"dependencies": ["thing"], "optional-dependencies": {"test": []}})


def test_no_python_is_kept_out():
    assert PROJECT["requires-python"] == ">=3.11"
