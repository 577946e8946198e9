"""The module for ann-benchmarks does what that project calls, without that project."""

import importlib.util
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import vdb

HOME = Path(__file__).resolve().parents[3] / "tools/bench/ann_benchmarks/vdb"
CONFIG = (HOME / "config.yml").read_text()


class BaseANN:
    """What the module inherits there, as far as it matters."""

    def __str__(self):
        return self.name


@pytest.fixture
def module(monkeypatch):
    """The module, at the place that its relative import expects."""
    for name in ("ann", "ann.algorithms", "ann.algorithms.vdb", "ann.algorithms.base"):
        package = types.ModuleType(name)
        package.__path__ = []
        monkeypatch.setitem(sys.modules, name, package)
    base = types.ModuleType("ann.algorithms.base.module")
    base.BaseANN = BaseANN
    monkeypatch.setitem(sys.modules, base.__name__, base)
    memory = types.SimpleNamespace(rss=3 << 20, shared=1 << 20)
    process = types.SimpleNamespace(memory_info=lambda: memory)
    fake = types.ModuleType("psutil")  # which that project has, and the tests need not have
    fake.Process = lambda: process
    monkeypatch.setitem(sys.modules, "psutil", fake)
    name = "ann.algorithms.vdb.module"
    spec = importlib.util.spec_from_file_location(name, HOME / "module.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def groups():
    """The parameters of every run group of the configuration."""
    found = []
    for inside in re.findall(r"arg_groups: \[\{(.+)\}\]", CONFIG):
        pairs = (pair.split(": ") for pair in inside.split(", "))
        found.append({key: int(value) if value.isdigit() else value for key, value in pairs})
    return found


def test_the_configuration_names_the_module_and_parameters_that_vdb_takes(module):
    assert "module: ann_benchmarks.algorithms.vdb\n" in CONFIG
    assert hasattr(module, re.search(r"constructor: (\w+)", CONFIG)[1])
    names = re.findall(r"^      (\S+):$", CONFIG, re.MULTILINE)
    assert len(names) == len(set(names)) == len(groups())
    assert {params.get("codes") for params in groups()} == {None, "none", "int8", "int4"}
    for params in groups():
        codes = params.pop("codes", "none")  # bits have none
        if codes != "none":
            params["codes"] = codes
        assert vdb.HNSW(**params)


@pytest.mark.parametrize(("metric", "sign"), [("angular", -1), ("euclidean", 1)])
@pytest.mark.parametrize("codes", ["none", "int8", "int4"])
def test_the_module_is_called_as_the_runner_calls_it(module, metric, sign, codes):
    rng = np.random.default_rng(5)
    vectors, queries = rng.standard_normal((400, 12)), rng.standard_normal((20, 12))
    algorithm = module.Vdb(metric, {"M": 8, "ef_construction": 100, "codes": codes})
    algorithm.fit(vectors)
    for ef in (5, 200):  # below the neighbours asked for, too
        algorithm.set_query_arguments(ef)
        assert f"ef: {ef}" in str(algorithm)
        single = [algorithm.query(query, 10) for query in queries]
        algorithm.batch_query(queries, 10)
        for one, other in zip(single, algorithm.get_batch_results(), strict=True):
            assert [int(i) for i in one] == [int(i) for i in other]
            assert len(set(one)) == 10
    if metric == "angular":
        keys = sign * queries @ (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T
    else:
        keys = ((queries[:, None] - vectors[None]) ** 2).sum(axis=2)
    true = np.argsort(keys, axis=1)[:, :10]
    near = np.mean([len(set(a) & set(b)) for a, b in zip(single, true, strict=True)])
    assert near > 9.5
    home = Path(algorithm._home)
    assert home.exists()
    algorithm.fit(vectors[:50])  # the runner does so for every run group
    assert not home.exists()
    assert max(algorithm.query(queries[0], 50)) == 49
    home = Path(algorithm._home)
    algorithm.done()
    algorithm.done()
    assert not home.exists()


@pytest.mark.parametrize("dim", [16, 100, 800])
def test_bits_are_compared_by_the_number_that_differ(module, dim):
    rng = np.random.default_rng(6)
    vectors, queries = rng.random((2000, dim)) > 0.5, rng.random((20, dim)) > 0.5
    algorithm = module.Vdb("hamming", {"M": 16, "ef_construction": 100})
    algorithm.fit(vectors)
    algorithm.set_query_arguments(400)
    algorithm.batch_query(queries, 10)
    differing = (queries[:, None] != vectors[None]).sum(axis=2)
    for row, found in enumerate(algorithm.get_batch_results()):
        nearest = np.sort(differing[row])[:10]
        assert (differing[row][found] == nearest).mean() > 0.9
        single = algorithm.query(queries[row], 10)
        assert [int(one) for one in single] == [int(one) for one in found]
    assert (algorithm.query(vectors[7], 1) == [7]).all() or dim == 16
    algorithm.done()


def test_rows_of_zeros_have_no_angle_and_are_left_out(module):
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((300, 8))
    vectors[::10] = 0
    algorithm = module.Vdb("angular", {"M": 8, "ef_construction": 100, "codes": "none"})
    algorithm.fit(vectors)
    algorithm.set_query_arguments(300)
    queries = np.vstack([vectors[3], np.zeros(8), vectors[17]])
    algorithm.batch_query(queries, 270)
    first, zero, last = algorithm.get_batch_results()
    assert (first[0], last[0], len(zero)) == (3, 17, 0)
    assert sorted(first) == [row for row in range(300) if row % 10]
    assert len(algorithm.query(queries[1], 10)) == 0
    algorithm.done()


def test_a_metric_that_vdb_has_not_is_refused(module):
    with pytest.raises(NotImplementedError, match="jaccard"):
        module.Vdb("jaccard", {})


def test_the_size_is_that_of_the_process_without_the_map_and_of_the_whole_file(module):
    algorithm = module.Vdb("euclidean", {"M": 8, "ef_construction": 50, "codes": "none"})
    assert algorithm.get_memory_usage() == 2048
    algorithm.fit(np.random.default_rng(8).standard_normal((2000, 64)))
    assert algorithm.get_memory_usage() - 2048 >= 2000 * 64 * 4 / 1024
    algorithm.done()
    assert algorithm.get_memory_usage() == 2048
