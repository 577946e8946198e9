"""Rebuilding while other processes write, and on a disk that becomes full."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import vdb
from support.models import Model, assert_embedded
from vdb.maintenance.rebuild import run, vector_source

WRITER = """
import sys
import numpy as np
import vdb
random = np.random.default_rng(5)
with vdb.open(sys.argv[1], lock_timeout=60) as db:
    docs = db.collection("docs")
    print("ready", flush=True)
    for batch in range(int(sys.argv[2])):
        new = [10_000 + 10 * batch + i for i in range(10)]
        docs.add(new, random.normal(size=(10, 16)))
        docs.upsert(range(batch, batch + 5), random.normal(size=(5, 16)))
        docs.delete([1000 + batch, new[0]])
        print(batch, flush=True)
"""

FULL = """
import resource, sys
import vdb
from vdb.maintenance.rebuild import run
run.SCHEDULE = run.Schedule(step_rows=256, checkpoint_seconds=0.0, checkpoint_share=1e9)
given = {sys.argv[2]: sys.argv[3]}
with vdb.open(sys.argv[1]) as db:
    docs = db.collection("docs")
    size = (db.path / "data.mdb").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 65536, resource.RLIM_INFINITY))
    try:
        docs.rebuild(**given)
    except vdb.DiskFullError:
        print("full")
    info = docs.info()
    print(info.metric, info.dtype, info.generation, info.rebuilding is not None, len(docs))
    print(len(docs.search([0.1] * 16, 10)), [str(p) for p in db.check()])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(docs.discard_rebuild(), docs.info().rebuilding)
    report = docs.rebuild(**given)
    print(report.metric, report.dtype)
"""


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_what_another_process_writes_meanwhile_is_there_afterwards(path, full, monkeypatch):
    monkeypatch.setattr(
        run,
        "SCHEDULE",
        run.Schedule(step_rows=64, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=8),
    )
    heard = []
    with start(WRITER, path, 30) as writer:
        assert writer.stdout.readline() == "ready\n"

        def one_batch(at):
            if at.phase == "building" and len(heard) < 12:
                heard.append(writer.stdout.readline())

        report = full.rebuild("cosine", progress=one_batch)
        assert writer.wait() == 0
        writer.stdout.read()
    assert len(heard) == 12
    assert report.caught_up > 12
    assert len(full) == 2000 + 30 * 9 - 30
    assert full.metric == "cosine"
    for batch in range(30):
        assert 1000 + batch not in full
        assert 10_000 + 10 * batch + 9 in full
    some = [record.vector for record in full.get([0, 29, 10_009, 10_299])]
    for vector in some:
        assert full.search(vector, 1)[0].value == pytest.approx(1.0)


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize(
    ("given", "becomes"),
    [(("metric", "ip"), "ip float32"), (("dtype", "float16"), "l2 float16")],
)
def test_a_full_disk_stops_it_and_what_was_built_can_be_removed(path, db, full, given, becomes):
    full.upsert(0, np.ones(16))
    db.close()
    with start(FULL, path, *given) as child:
        answer = child.stdout.read().split("\n")
        assert child.wait() == 0
    assert answer[:2] == ["full", "l2 float32 1 True 2000"]
    assert answer[2:5] == ["10 []", "True None", becomes]
    with vdb.open(path) as again:
        docs = again.collection("docs")
        assert f"{docs.metric} {docs.dtype}" == becomes


MODEL_WRITER = """
import sys
import numpy as np
import vdb

def vectors(numbers, dim):
    rows = [np.random.default_rng([1, n]).normal(size=24)[:dim] for n in numbers]
    return np.stack(rows).astype(np.float32)

with vdb.open(sys.argv[1], lock_timeout=60) as db:
    docs = db.collection("docs")
    print("ready", flush=True)
    n = 10_000
    while sys.stdin.readline() == "go\\n":
        n += 10
        for _ in range(2):
            try:
                new = range(n, n + 5)
                docs.add(new, vectors(new, docs.dim), [{"n": i} for i in new])
                break
            except vdb.DimensionMismatchError:
                continue
        docs.delete([n - 7, n % 2000])
        docs.set_payloads(n + 1, {"n": n + 9})
        docs.upsert(n + 1, vectors([n + 9], docs.dim), {"n": n + 9})
        print(n, docs.dim, flush=True)
    print("done", flush=True)
"""


def test_another_process_writes_while_records_are_embedded(path, db, crowd, monkeypatch):
    """It goes over to the new model by itself, and nothing is of the old one afterwards."""
    monkeypatch.setattr(
        run,
        "SCHEDULE",
        run.Schedule(step_rows=64, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=8),
    )
    monkeypatch.setattr(vector_source.FunctionSource, "batch", 32)
    docs = db.create_collection("docs", dim=16, metric="l2", model="small")
    model = Model(24)
    docs.add(range(600), model.matrix(range(600))[:, :16], [{"n": i} for i in range(600)])
    command = [sys.executable, "-c", MODEL_WRITER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as writer:
        assert writer.stdout.readline() == "ready\n"
        phases = []

        def ask(word="go"):
            writer.stdin.write(f"{word}\n")
            writer.stdin.flush()
            return writer.stdout.readline().split()

        def write(at):
            phases.append(at.phase)
            if at.phase in ("embedding", "building") and phases.count(at.phase) <= 30:
                assert ask()[1] == "16"

        report = docs.rebuild(model="large", vectors=model, progress=write)
        assert ask()[1] == "24"
        assert ask("end") == ["done"]
        assert writer.wait() == 0
    assert report.caught_up > 50
    assert_embedded(docs, model)
    assert [str(problem) for problem in db.check()] == []
