"""One file an engine: whoever looks for Weaviate's threshold opens `engines/weaviate.py`."""

import importlib
import pkgutil

import pytest

from vdb.scores import engines

FILES = sorted(module.name for module in pkgutil.iter_modules(engines.__path__))


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_engine_that_it_is_called_after_and_its_variants(name):
    rows = importlib.import_module(f"vdb.scores.engines.{name}").ENGINES
    prefix = "azure" if name == "azure_ai_search" else name.replace("_", "-")
    assert rows
    assert all(row.name.startswith(prefix) for row in rows), [row.name for row in rows]
    assert all(row in engines.ENGINES for row in rows)


def test_the_table_has_every_file():
    listed = [
        row
        for name in FILES
        for row in importlib.import_module(f"vdb.scores.engines.{name}").ENGINES
    ]
    assert sorted(row.name for row in listed) == sorted(row.name for row in engines.ENGINES)
