"""The client for VectorDBBench does what that project calls, without that project."""

import importlib.util
import pickle
import re
import sys
import types
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pydantic")

import pydantic

import vdb

HOME = Path(__file__).resolve().parents[3] / "tools/bench/vectordb_bench"
CLIENTS = "vectordb_bench.backend.clients"
DIM = 16


class MetricType(StrEnum):
    L2 = "L2"
    COSINE = "COSINE"
    IP = "IP"
    DP = "DP"
    JACCARD = "JACCARD"


class FilterOp(StrEnum):
    NumGE = "NumGE"
    StrEqual = "Label"
    NonFilter = "NonFilter"


class DBCaseConfig:
    """What the configuration inherits there; so for the others."""


class DBConfig(pydantic.BaseModel):
    db_label: str = ""


class VectorDB:
    pass


@pytest.fixture
def client(monkeypatch):
    """The modules of the client, at the place that their imports expect."""

    def module(name, **contents):
        made = types.ModuleType(name)
        made.__path__ = []
        made.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, made)
        return made

    for name in ("vectordb_bench", "vectordb_bench.backend", CLIENTS, f"{CLIENTS}.vdb"):
        module(name)
    module("vectordb_bench.backend.filter", Filter=object, FilterOp=FilterOp)
    module(
        f"{CLIENTS}.api",
        DBCaseConfig=DBCaseConfig, DBConfig=DBConfig, MetricType=MetricType, VectorDB=VectorDB,
    )  # fmt: skip
    for part in ("config", "vdb"):
        name = f"{CLIENTS}.vdb.{part}"
        spec = importlib.util.spec_from_file_location(name, HOME / "vdb" / f"{part}.py")
        made = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, made)
        spec.loader.exec_module(made)
    return types.SimpleNamespace(
        Vdb=made.Vdb,
        VdbConfig=sys.modules[f"{CLIENTS}.vdb.config"].VdbConfig,
        VdbIndexConfig=sys.modules[f"{CLIENTS}.vdb.config"].VdbIndexConfig,
    )


def rows(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)


def opened(client, place, metric=MetricType.COSINE, **options):
    config = client.VdbConfig(path=str(place), durability="relaxed")
    index = client.VdbIndexConfig(metric_type=metric, ef=300)
    return client.Vdb(DIM, config.to_dict(), index, collection_name="docs", **options)


def nearest(metric, queries, vectors, k, passing=None):
    if metric == MetricType.L2:
        keys = ((queries[:, None] - vectors[None]) ** 2).sum(axis=2)
    else:
        lengths = np.linalg.norm(vectors, axis=1) if metric == MetricType.COSINE else 1.0
        keys = -(queries @ vectors.T) / lengths
    if passing is not None:
        keys = np.where(passing, keys, np.inf)
    return np.argsort(keys, axis=1)[:, :k].tolist()


@pytest.mark.parametrize("metric", [MetricType.L2, MetricType.COSINE, MetricType.IP])
def test_copies_in_other_processes_search_what_was_added(client, path, metric):
    vectors, queries = rows(400), rows(10, 1)
    db = opened(client, path, metric, drop_old=True)
    assert not db.need_normalize_cosine()
    with db.init():
        for start in range(0, 400, 100):
            part = range(start, start + 100)
            added = db.insert_embeddings(vectors[start : start + 100].tolist(), list(part))
            assert added == (100, None)
        db.optimize(400)
        sent = pickle.dumps(db)  # while it is open
    copy = pickle.loads(sent)
    assert copy._database is None
    with copy.init():
        copy.prepare_filter(types.SimpleNamespace(type=FilterOp.NonFilter))
        found = [copy.search_embedding(query.tolist(), k=10) for query in queries]
    assert found == nearest(metric, queries, vectors, 10)
    assert all(type(one) is int for one in found[0])


def test_filters_are_those_of_the_project(client, path):
    vectors, queries = rows(300), rows(5, 1)
    labels = ["few" if row % 10 == 0 else "many" for row in range(300)]
    db = opened(client, path, drop_old=True, with_scalar_labels=True)
    with db.init():
        assert db.insert_embeddings(vectors.tolist(), list(range(300)), labels) == (300, None)
        few = types.SimpleNamespace(type=FilterOp.StrEqual, label_value="few")
        last = types.SimpleNamespace(type=FilterOp.NumGE, int_value=270)
        masks = np.arange(300) % 10 == 0, np.arange(300) >= 270
        for wanted, passing in zip((few, last), masks, strict=True):
            db.prepare_filter(wanted)
            found = [db.search_embedding(query.tolist(), 10) for query in queries]
            assert found == nearest(MetricType.COSINE, queries, vectors, 10, passing)


def test_an_error_is_given_back_and_nothing_is_added(client, path):
    db = opened(client, path, drop_old=True)
    with db.init():
        assert db.insert_embeddings(rows(2).tolist(), [1, 2]) == (2, None)
        count, error = db.insert_embeddings(rows(2).tolist(), [3, 2])
        assert (count, type(error)) == (0, vdb.DuplicateIdError)
        assert len(db._collection) == 2
    with opened(client, path).init():  # what is there stays
        pass
    again = opened(client, path, drop_old=True)
    with again.init():
        assert len(again._collection) == 0


def test_a_metric_that_vdb_has_not_is_refused(client, path):
    with pytest.raises(ValueError, match="JACCARD"):
        opened(client, path, MetricType.JACCARD)


def test_the_patch_names_what_the_client_has():
    patch = (HOME / "registry.patch").read_text()
    for module, name in re.findall(r"^\+ +from \.vdb\.(\w+) import (\w+)$", patch, re.MULTILINE):
        assert re.search(
            rf"^class {name}\b", (HOME / "vdb" / f"{module}.py").read_text(), re.MULTILINE
        )
    assert "def Vdb(" in (HOME / "vdb/cli.py").read_text()
    assert patch.count("+cli.add_command(Vdb)") == 1
