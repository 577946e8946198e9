"""A metric, a dtype and a code type are one row of one Python file, and the kernel has them all."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import vdb
from vdb.model.codes import CODES
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS

ADDED = '''
import sys
from importlib.machinery import PathFinder, SourceFileLoader

ROWS = {rows!r}


class Longer(SourceFileLoader):
    """Loads a module as if its file had a row more."""

    def get_code(self, name):
        source = self.get_source(name) + ROWS[name]
        return self.source_to_code(source.encode(), self.path)


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in ROWS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        spec.loader = Longer(name, spec.origin)
        return spec


sys.meta_path.insert(0, Finder)
'''

METRIC = """
def _chebyshev(query, vectors):
    return np.abs(vectors - query).max(axis=1)

METRICS["chebyshev"] = Metric(
    "chebyshev",
    value="largest difference",
    formula="max |q_i - v_i|",
    symbol="|q - v|_max",
    direction="lower",
    low=0.0,
    high=float("inf"),
    dtypes=_NUMBERS,
    compute=_chebyshev,
    derive=lambda query, vector, value: (("value", f"{value:g}"),),
)
"""
DTYPE = """
DTYPES["int16"] = DType("int16", 16, np.dtype(np.int16), "int16", real=False)
"""
CODE = """
CODES["int2"] = Codes("int2", 2)
"""


def run(rows, script):
    """Output of a script in a process whose tables have a row more."""
    code = ADDED.format(rows=rows) + textwrap.dedent(script)
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_a_metric_is_one_row():
    run(
        {"vdb.model.metrics": METRIC},
        """
        import numpy as np, vdb
        from vdb.cli.commands.create import create
        from vdb.model.metrics import METRICS, metric_named
        from vdb.store.format.generation import GenerationRecord
        from vdb.store.format.headers import CollectionHeader
        from vdb.index import new_generation

        assert vdb.scores.conventions("chebyshev") == ["native"]
        assert vdb.scores.describe("native", "chebyshev").formula == "max |q_i - v_i|"
        assert vdb.scores.score(2.5, metric="chebyshev", convention="native") == 2.5
        metavars = {parameter.name: parameter.metavar for parameter in create.params}
        assert metavars["metric"].endswith("|hamming|chebyshev")
        q, rows = np.zeros(2, np.float32), np.array([[1, 3]], np.float32)
        assert METRICS["chebyshev"].values(q, rows).tolist() == [3.0]

        index = vdb.HNSW()
        record = new_generation(1, "chebyshev", "float16", index)
        assert GenerationRecord.decode(record.encode(), 1, 1).metric == "chebyshev"
        header = CollectionHeader(
            name="docs", number=1, dim=8, metric="l2", dtype="float32", scores="native",
            model=None, created=1.0, version="1",
        )
        header.put_to_use(record, when=1.0, reason="")
        read = CollectionHeader.decode(header.encode(), 1)
        assert (read.metric, read.dtype) == ("chebyshev", "float16")
        try:
            metric_named("chebychev")
        except vdb.InvalidArgumentError as error:
            assert "did you mean 'chebyshev'" in str(error)
        else:
            raise AssertionError("accepted")
        """,
    )


def test_a_dtype_is_one_row():
    run(
        {"vdb.model.dtypes": DTYPE},
        """
        import numpy as np, vdb
        from vdb.cli.commands.create import create
        from vdb.model import config, inputs
        from vdb.model.dtypes import DTYPES
        from vdb.model.metrics import METRICS
        from vdb.store.format import blocks
        from vdb.store.format.generation import GenerationRecord
        from vdb.store.format.headers import fitting_dimension
        from vdb.index import new_generation

        kind = DTYPES["int16"]
        metavars = {parameter.name: parameter.metavar for parameter in create.params}
        assert metavars["dtype"].endswith("|bit|int16")
        for metric in METRICS.values():
            assert ("int16" in metric.dtypes) == ("int8" in metric.dtypes)
        assert config.vector_type("int16", METRICS["l2"]) is kind
        assert config.dimension(32_000, kind) == 32_000
        assert fitting_dimension(32_000, "int16") and not fitting_dimension(32_001, "int16")
        assert blocks.vector_row_size(10, "int16") == 32
        kinds = {"dim": 2, "metric": METRICS["l2"], "dtype": kind}
        matrix = inputs.vector_matrix([[1, 300]], rows=1, name="vectors", **kinds)
        assert matrix.dtype == np.int16 and matrix.tolist() == [[1, 300]]
        try:
            inputs.vector_matrix([[1, 40_000]], rows=1, name="vectors", **kinds)
        except vdb.InvalidVectorError as error:
            assert "integers from -32768 to 32767, as dtype int16 stores" in str(error)
        else:
            raise AssertionError("accepted")
        record = new_generation(1, "l2", "int16", vdb.HNSW())
        assert GenerationRecord.decode(record.encode(), 1, 1).dtype == "int16"
        """,
    )


def test_a_code_type_is_one_row():
    run(
        {"vdb.model.codes": CODE},
        """
        import vdb
        from vdb.cli.commands.create import create
        from vdb.model import config
        from vdb.model.dtypes import DTYPES
        from vdb.model.metrics import METRICS
        from vdb.store.format import blocks
        from vdb.store.format.generation import GenerationRecord
        from vdb.index import new_generation

        metavars = {parameter.name: parameter.metavar for parameter in create.params}
        assert metavars["codes"] == "int8|int4|int2|none"
        index = vdb.HNSW(codes="int2")
        assert config.fitting_index(index, METRICS["l2"], DTYPES["float16"]) is index
        try:
            config.fitting_index(index, METRICS["l1"], DTYPES["float16"])
        except vdb.InvalidArgumentError as error:
            assert "codes='int2' is for metric l2, ip, cosine or dot" in str(error)
        else:
            raise AssertionError("accepted")
        assert blocks.code_row_size(128, "int2") == 16 + 32
        record = new_generation(1, "l2", "float16", index)
        assert GenerationRecord.decode(record.encode(), 1, 1).index["codes"] == "int2"
        """,
    )


KINDS = [(metric.name, dtype) for metric in METRICS.values() for dtype in metric.dtypes]


def vectors_of(dtype, shape):
    random = np.random.default_rng(7)
    if DTYPES[dtype].packed:
        return random.integers(0, 256, (shape[0], shape[1] // 8), dtype=np.uint8)
    if not DTYPES[dtype].real:
        return random.integers(-100, 101, shape).astype(DTYPES[dtype].stored)
    vectors = random.normal(size=shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("metric", "dtype"), KINDS)
def test_the_kernel_has_every_metric_and_dtype_of_the_tables(metric, dtype, tmp_path):
    vectors = vectors_of(dtype, (40, 64))
    with vdb.open(tmp_path / "db") as db:
        docs = db.create_collection("docs", dim=64, metric=metric, dtype=dtype)
        docs.add(range(40), vectors)
        hits = docs.search(vectors[0], k=40, exact=True)
        stored = np.stack([record.vector for record in docs.get(hits.ids)])
        own = np.asarray(vectors[0], dtype=DTYPES[DTYPES[dtype].queries].stored)
        values = METRICS[metric].values(own, stored)
        assert hits.scores == pytest.approx(values, rel=1e-6, abs=1e-6)
        steps = METRICS[metric].derive(own.astype(float), stored[1].astype(float), values[1])
        assert steps[-1][1].endswith(f"= {values[1]:.9g}")
        assert list(db.check()) == []


@pytest.mark.parametrize("codes", CODES)
def test_the_kernel_has_every_code_type_of_the_table(codes, tmp_path):
    with vdb.open(tmp_path / "db") as db:
        for metric in CODES[codes].metrics:
            for dtype in CODES[codes].dtypes:
                vectors = vectors_of(dtype, (40, 64))
                docs = db.create_collection(
                    f"{metric}-{dtype}",
                    dim=64,
                    metric=metric,
                    dtype=dtype,
                    index=vdb.HNSW(codes=codes),
                )
                docs.add(range(40), vectors)
                assert docs.search(vectors[3], k=1).ids == [3]
        assert list(db.check()) == []


def test_the_docstring_of_create_collection_names_every_row():
    words = set(re.findall(r'"([a-z0-9]+)"', vdb.Database.create_collection.__doc__))
    assert words >= {*METRICS, *DTYPES}
    assert set(re.findall(r'"([a-z0-9]+)"', vdb.HNSW.__doc__)) >= set(CODES)
