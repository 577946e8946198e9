"""What `import vdb` offers is one sorted, documented list, and importing it costs little."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
import typing

import pytest

import vdb

MOST_MODULES = 190
"""Modules of vdb that importing it may load; each one costs a fifth of a millisecond and more."""

PUBLIC = [name for name in vdb.__all__ if not name.startswith("__") and name != "scores"]


def order(name):
    """Constants, then classes, then the rest, as the linter has it."""
    return (2 - name[0].isupper() - (name.isupper() and len(name) > 1), name)


def test_the_list_is_sorted_and_complete():
    assert vdb.__all__ == sorted(vdb.__all__, key=order)
    offered = {name for name in dir(vdb) if not name.startswith("__")}
    assert offered == set(vdb.__all__) - {"__version__"}
    assert {"__all__", "__version__", "__doc__"} <= set(dir(vdb))
    assert {name for name in dir(vdb.scores) if not name.startswith("__")} == set(
        vdb.scores.__all__
    )


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


def functions_of(kind):
    """The functions of a class and of what it is derived from, with those behind properties."""
    for base in kind.__mro__[:-1]:
        for name, member in vars(base).items():
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            if inspect.isfunction(function):
                yield f"{base.__name__}.{name}", function


def things():
    """Everything public whose annotations somebody may evaluate, by name."""
    for module in (vdb, vdb.scores, vdb.errors):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.ismodule(thing) or isinstance(thing, str):
                continue
            kind = thing if inspect.isclass(thing) or inspect.isfunction(thing) else type(thing)
            yield name, kind
            if inspect.isclass(kind):
                yield from functions_of(kind)


def test_annotations_of_everything_public_can_be_evaluated():
    """As frameworks do that read signatures, and `inspect.signature(eval_str=True)`."""
    found = dict(things())
    assert len(found) > 200
    for name, thing in found.items():
        hints = typing.get_type_hints(thing)
        assert not any(isinstance(hint, str | typing.ForwardRef) for hint in hints.values()), name
    assert typing.get_type_hints(vdb.Database.info)["return"] is vdb.DatabaseInfo
    assert typing.get_type_hints(vdb.Database.check)["return"] is vdb.Problems
    assert typing.get_type_hints(vdb.Collection.rebuild)["return"] is vdb.RebuildReport
    assert typing.get_type_hints(vdb.CollectionReader.dim.fget)["return"] == int | None
    assert typing.get_type_hints(vdb.Record)["id"] == int | str


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
    heavy = {
        *("click", "asyncio", "multiprocessing", "urllib.request", "socket"),
        *("html", "json", "pyarrow", "pandas", "polars", "scipy", "pydantic", "obstore", "fsspec"),
        *("concurrent.futures", "decimal", "importlib.metadata", "inspect", "logging", "uuid"),
        *("shlex", "signal", "subprocess", "tempfile"),
    }
    assert not heavy & set(names)
    later = {
        *("vdb.analysis", "vdb.maintenance", "vdb.analysis.pages", "vdb.scores.engines"),
        *("vdb.api.asynchronous", "vdb.api.html_cards", "vdb.model.arrow"),
        *("vdb.api.compare_and_calibrate", "vdb.api.restore", "vdb.store.backup"),
        *("vdb.model.filters.nodes", "vdb.query.filter_match", "vdb.query.nearest_above_threshold"),
        *("vdb.query.examples", "vdb.query.groups", "vdb.query.value_counts"),
        *("vdb.query.record_batches", "vdb.index.fields.postings", "vdb.index.vectors.tuning"),
    }
    assert not later & set(names)
    assert len([name for name in names if name.partition(".")[0] == "vdb"]) <= MOST_MODULES


@pytest.mark.alone
def test_importing_costs_little_more_than_importing_what_it_stands_on(tmp_path):
    """Processor time in one process, compiled files at hand, as after an installation."""
    code = (
        "from time import process_time as now; start = now(); import numpy, lmdb, msgpack; "
        "between = now(); import vdb; print((now() - between) / (between - start))"
    )
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ratios = [
        float(subprocess.check_output([sys.executable, "-c", code], env=environment, text=True))
        for _ in range(6)
    ]
    assert min(ratios[1:]) < 1.6


def test_what_is_loaded_later_is_public_from_the_start():
    code = (
        "import vdb; assert 'RebuildReport' in dir(vdb); assert vdb.RebuildReport is "
        "vdb.RebuildReport; from vdb import Calibration; assert Calibration.__module__ == 'vdb'; "
        "assert not hasattr(vdb, 'nothing')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# The package is its one function.
NAMED_AS_THEIR_MODULE = {
    "vdb.query.nearest",
    "vdb.query.search",
}


def module_named(name):
    """The module, or None where it stands on a library that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] == "vdb":
            raise
        return None


def test_no_name_of_a_package_hides_a_module():
    walked = pkgutil.walk_packages(vdb.__path__, "vdb.")
    modules = {info.name for info in walked if not info.name.endswith("__main__")}
    hidden = {
        name
        for name in modules
        for module in [module_named(name)]
        if module is not None
        and getattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2]) is not module
    }
    assert hidden <= NAMED_AS_THEIR_MODULE
