"""A library that ends its process does not end the one that asked."""

import sys

import numpy as np
import pytest

import vdb
from vdb.errors import SourceError
from vdb.sources.opening import place_of
from vdb.sources.reading.trial import STARTED, require_survival


@pytest.fixture
def place(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 4), np.float32))
    return place_of(str(tmp_path / "a.npy"))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("import os; os.abort()", "ended its process"),
        ("import os; os._exit(3)", "ended its process"),
        ("raise RuntimeError('a fault of the reader')", None),
        ("", None),
    ],
)
def test_only_a_process_that_was_ended_says_that_a_source_is_damaged(
    place, tmp_path, monkeypatch, body, text
):
    """The reader is replaced by a module that ends in that way."""
    (tmp_path / "stand_in.py").write_text(f"print({STARTED.decode()[:-1]!r}, flush=True)\n{body}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("vdb.sources.reading.trial._READER", "stand_in")
    if text is None:
        require_survival("npy", place, {})
    else:
        with pytest.raises(SourceError, match=text):
            require_survival("npy", place, {})


def test_where_no_other_python_can_be_started_there_is_no_trial(place, tmp_path, monkeypatch):
    monkeypatch.setattr("vdb.sources.reading.trial._READER", "no.such.module.at.all")
    require_survival("npy", place, {})  # an error of Python is no verdict
    (tmp_path / "stand_in.py").write_text("import os; os.abort()")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("vdb.sources.reading.trial._READER", "stand_in")
    require_survival("npy", place, {})  # nor is that of another program
    for name, value in (("executable", ""), ("frozen", True)):
        with monkeypatch.context() as changed:
            changed.setattr(sys, name, value, raising=False)
            changed.setattr("subprocess.run", None)
            require_survival("npy", place, {})


def test_a_trial_runs_nothing_of_the_working_directory(place, tmp_path, monkeypatch):
    for name in ("json", "numpy", "vdb"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()")
    monkeypatch.chdir(tmp_path)
    require_survival("npy", place, {})
    assert not (tmp_path / "ran").exists()


def test_a_library_that_ends_its_process_is_a_typed_error(tmp_path, monkeypatch):
    """One that aborts as soon as it is imported stands in for one that met damage."""
    pytest.importorskip("lance")
    with vdb.temporary() as db:
        docs = db.create_collection("docs", dim=2, metric="l2")
        docs.add(["a"], [[1, 2]])
        docs.export(tmp_path / "a.lance")
    with vdb.sources.open(tmp_path / "a.lance") as source:
        assert source.info.count == 1
    package = tmp_path / "first" / "lance"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import os; os.abort()")
    monkeypatch.syspath_prepend(tmp_path / "first")
    with pytest.raises(SourceError, match="ended its process"):
        vdb.sources.open(tmp_path / "a.lance")
    with vdb.sources.open(tmp_path / "a.lance", trial=False) as source:
        assert source.info.count == 1


@pytest.mark.parametrize("name", ["hdf5", "lance", "zvec"])
def test_formats_whose_library_can_end_the_process_have_a_trial(name):
    (row,) = [row for row in vdb.sources.formats() if row.name == name]
    assert "trial" in [option.name for option in row.options]
