"""Parameters: their defaults, their ranges, and what is said about others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import vdb
from vdb.model import config
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS


def test_the_defaults_of_a_graph():
    assert vdb.HNSW() == vdb.HNSW(M=16, ef_construction=200, codes=None, seed=0)
    assert (
        repr(vdb.HNSW(M=8))
        == "HNSW(M=8, ef_construction=200, codes=None, seed=0, indexing_threshold=0)"
    )
    assert repr(vdb.Flat()) == "Flat()"


def test_parameters_are_fixed_and_compare_by_value():
    with pytest.raises(dataclasses.FrozenInstanceError):
        vdb.HNSW().M = 3
    assert vdb.HNSW(M=8) != vdb.HNSW(M=9)
    assert hash(vdb.HNSW(M=8)) == hash(vdb.HNSW(M=8))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("M", 2, 256), ("ef_construction", 1, 100_000), ("seed", 0, 2**63 - 1)],
)
def test_each_parameter_of_a_graph_has_its_range(name, low, high):
    for value in (low, high, np.int64(low)):
        made = getattr(vdb.HNSW(**{name: value}), name)
        assert made == value and type(made) is int
    for value in (low - 1, high + 1):
        with pytest.raises(vdb.InvalidArgumentError, match=f"HNSW.{name} must be between {low}"):
            vdb.HNSW(**{name: value})
    for value in (True, 3.0, "3", None):
        with pytest.raises(vdb.ArgumentTypeError, match=f"HNSW.{name} must be an int"):
            vdb.HNSW(**{name: value})


def test_parameters_are_given_by_name():
    with pytest.raises(TypeError):
        vdb.HNSW(16)


def test_codes_have_names():
    assert vdb.HNSW(codes="int8").codes == "int8"
    with pytest.raises(vdb.InvalidArgumentError, match=r"HNSW\.codes must be"):
        vdb.HNSW(codes="int9")
    with pytest.raises(vdb.ArgumentTypeError, match=r"HNSW\.codes must be"):
        vdb.HNSW(codes=8)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_codes_are_refused_where_there_are_none(metric):
    for name in metric.dtypes:
        coded, plain = vdb.HNSW(codes="int8"), vdb.HNSW()
        assert config.fitting_index(plain, metric, DTYPES[name]) == plain
        if metric.name in ("l1", "hamming") or name in ("int8", "bit"):
            with pytest.raises(vdb.InvalidArgumentError, match="codes=None goes with every"):
                config.fitting_index(coded, metric, DTYPES[name])
        else:
            assert config.fitting_index(coded, metric, DTYPES[name]) == coded


@pytest.mark.parametrize("index", [vdb.HNSW(M=5, seed=9), vdb.HNSW(codes="int8"), vdb.Flat()])
def test_parameters_survive_being_stored(index):
    assert config.index_from_map(config.index_to_map(index)) == index


@pytest.mark.parametrize(
    "stored", [{}, {"type": "tree"}, {"type": "flat", "M": 3}, {"type": "hnsw", "M": 3}]
)
def test_other_maps_are_no_parameters(stored):
    with pytest.raises(vdb.InvalidArgumentError):
        config.index_from_map(stored)


@pytest.mark.parametrize("name", ["a", "docs-2.1_x", "A" * 128, "..", "-"])
def test_names_that_are_taken(name):
    assert config.collection_name(name) == name


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "A" * 129, "a\n", "a\0"])
def test_names_that_are_refused(name):
    with pytest.raises(vdb.InvalidArgumentError, match="1 to 128 characters"):
        config.collection_name(name)


def test_a_name_is_a_str():
    with pytest.raises(vdb.ArgumentTypeError, match="must be a str, got bytes"):
        config.collection_name(b"a")


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [("float32", 16_000), ("float16", 32_000), ("int8", 64_000), ("bit", 512_000)],
)
def test_dimensions_out_of_range(dtype, largest):
    row = DTYPES[dtype]
    assert config.dimension(largest, row) == largest
    for dim in (0, -1, largest + 1):
        with pytest.raises(
            vdb.InvalidArgumentError, match=f"dim must be between 1 and {largest}, got {dim}"
        ):
            config.dimension(dim, row)


@pytest.mark.parametrize("dim", [1, 7, 12, 1023])
def test_bits_come_by_the_byte(dim):
    with pytest.raises(vdb.InvalidArgumentError, match="dim must be a multiple of 8"):
        config.dimension(dim, DTYPES["bit"])


@pytest.mark.parametrize("name", ["float32", "float16", "int8"])
def test_a_dtype_by_any_of_its_names(name):
    for dtype in (name, getattr(np, name), np.dtype(name)):
        assert config.vector_type(dtype, METRICS["l2"]).name == name


@pytest.mark.parametrize("dtype", ["float64", np.float64, np.dtype("uint8"), "bits"])
def test_other_dtypes_are_refused_with_those_there_are(dtype):
    with pytest.raises(
        vdb.InvalidArgumentError, match="one of 'float32', 'float16', 'int8', 'bit'"
    ):
        config.vector_type(dtype, METRICS["l2"])


@pytest.mark.parametrize(
    ("metric", "dtype", "needed"),
    [("hamming", "float32", "'bit'"), ("l2", "bit", "'float32' or 'float16' or 'int8'")],
)
def test_a_dtype_goes_with_its_metrics_only(metric, dtype, needed):
    with pytest.raises(
        vdb.InvalidArgumentError, match=f"^dtype must be {needed} for metric '{metric}'"
    ):
        config.vector_type(dtype, METRICS[metric])


def test_the_index_is_one_of_two():
    assert config.index_config(None) == vdb.HNSW()
    with pytest.raises(vdb.ArgumentTypeError, match=r"vdb.HNSW\(...\) or vdb.Flat\(\), got str"):
        config.index_config("hnsw")


def test_provenance_is_short_text():
    assert config.model_text(None) is None
    assert config.model_text("ä" * 512) == "ä" * 512
    for bad in ("ä" * 513, "\ud800"):
        with pytest.raises(vdb.InvalidArgumentError, match="model"):
            config.model_text(bad)
    with pytest.raises(vdb.ArgumentTypeError):
        config.model_text(3)


def test_k_none_needs_a_threshold():
    assert config.neighbors(None, 0.5) is None
    with pytest.raises(vdb.InvalidArgumentError, match="threshold"):
        config.neighbors(None, None)
    with pytest.raises(vdb.InvalidArgumentError, match="k must be between 1"):
        config.neighbors(0, None)


def test_threads_default_to_the_processors_there_are():
    assert config.thread_count(None) == config.usable_processors() >= 1
    assert config.thread_count(3) == 3
    with pytest.raises(vdb.InvalidArgumentError):
        config.thread_count(0)


def test_a_timeout_is_not_negative():
    assert config.timeout_seconds("t", 0) == 0.0
    with pytest.raises(vdb.InvalidArgumentError, match="cannot be negative"):
        config.timeout_seconds("t", -0.1)


def test_durability_is_one_of_two():
    assert config.durability_name("relaxed") == "relaxed"
    with pytest.raises(vdb.InvalidArgumentError, match="'full', 'relaxed'"):
        config.durability_name("none")
