"""What `import vdb` offers is one sorted, documented list, and importing it costs little."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys

import pytest

import vdb

PUBLIC = [name for name in vdb.__all__ if not name.startswith("__") and name != "scores"]


def order(name):
    """Constants, then classes, then the rest, as the linter has it."""
    return (2 - name[0].isupper() - (name.isupper() and len(name) > 1), name)


def test_the_list_is_sorted_and_complete():
    assert vdb.__all__ == sorted(vdb.__all__, key=order)
    modules = {module.name for module in pkgutil.iter_modules(vdb.__path__)} | {"annotations"}
    offered = {name for name in dir(vdb) if not name.startswith("_")}
    assert offered - modules == set(vdb.__all__) - {"__version__", "scores"}


@pytest.mark.parametrize("name", PUBLIC)
def test_each_name_is_documented_and_says_that_it_is_of_vdb(name):
    thing = getattr(vdb, name)
    assert inspect.getdoc(thing)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert thing.__module__ == "vdb"


@pytest.mark.parametrize(
    "kind", [vdb.Database, vdb.Collection, vdb.CollectionReader, vdb.Snapshot, vdb.Hits]
)
def test_every_public_method_is_documented(kind):
    for name, member in inspect.getmembers(kind):
        if not name.startswith("_") and not inspect.ismemberdescriptor(member):
            assert inspect.getdoc(member), f"{kind.__name__}.{name}"


def test_the_module_begins_with_an_example_that_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [line[4:] for line in vdb.__doc__.splitlines() if line.startswith("    ")]
    assert 5 <= len(lines) <= 8
    exec("\n".join(lines), {})


def test_scores_are_a_module_of_their_own():
    assert inspect.ismodule(vdb.scores)
    assert vdb.scores.__all__ == sorted(vdb.scores.__all__)


def test_importing_brings_in_nothing_heavy():
    code = (
        "import sys, numpy, lmdb, msgpack; before = set(sys.modules); import vdb; "
        "print(*sorted(set(sys.modules) - before))"
    )
    names = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"typer", "rich", "click", "asyncio", "multiprocessing", "urllib.request", "socket"}
    assert not heavy & set(names)
    later = {"vdb.analysis", "vdb.maintenance", "vdb.reports", "vdb.scores.engines"}
    assert not later & set(names)


def test_what_is_loaded_later_is_public_from_the_start():
    code = (
        "import vdb; assert 'RebuildReport' in dir(vdb); assert vdb.RebuildReport is "
        "vdb.RebuildReport; from vdb import Calibration; assert Calibration.__module__ == 'vdb'; "
        "assert not hasattr(vdb, 'nothing')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
