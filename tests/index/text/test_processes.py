"""Text fields and processes: a reader sees the words of one commit, and a kill loses none."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np

import vdb
from vdb.index.text import segments

READER = """
    import sys, vdb
    seen = set()
    with vdb.open(sys.argv[1], read_only=True) as db:
        docs = db.collection("docs")
        print("ready", flush=True)
        while max(seen, default=0) < 60:
            with db.snapshot() as moment:
                then = moment.collection("docs")
                turn = then.get(0).payload["turn"]
                hits = then.search_text(f"turn{turn}", 100)
                assert sorted(hits.ids.tolist()) == list(range(20)), (turn, len(hits))
                assert len(then.search_text(f"turn{turn - 1}", 100)) == 0
            assert len(docs.search_text("same", 100)) == 20
            seen.add(turn)
    assert len(seen) > 5, seen
"""

WRITER = """
    import sys, numpy as np, vdb
    with vdb.open(sys.argv[1]) as db:
        docs = db.collection("docs")
        turn = docs.get(0).payload["turn"]
        while True:
            turn += 1
            texts = [{"turn": turn, "text": f"turn{turn} same {'ab' * (turn % 9)}"}] * 20
            docs.upsert(range(20), np.zeros((20, 1)), texts)
            docs.add(1000 + turn, [0.0], {"text": f"new{turn}"})
            docs.delete(1000 + turn - 7)
            print(turn, flush=True)
"""


def started(script, path):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )


def make(path):
    with vdb.open(path) as db:
        docs = db.create_collection(
            "docs", dim=1, metric="l2", index=vdb.Flat(), fields={"text": vdb.Text()}
        )
        docs.add(range(20), np.zeros((20, 1)), [{"turn": 0, "text": "turn0 same"}] * 20)


def test_readers_see_the_words_of_one_commit(path):
    make(path)
    readers = [started(READER, path) for _ in range(2)]
    try:
        assert [reader.stdout.readline() for reader in readers] == ["ready\n"] * 2
        with vdb.open(path, durability="relaxed") as db:
            docs, turn = db.collection("docs"), 0
            while any(reader.poll() is None for reader in readers):
                turn += 1
                texts = [{"turn": turn, "text": f"turn{turn} same"}] * 20
                docs.upsert(range(20), np.zeros((20, 1)), texts)
                time.sleep(0.005)
                assert turn < 20_000
        assert [reader.wait() for reader in readers] == [0, 0]
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


def test_what_was_acknowledged_before_a_kill_is_there_with_its_words(path):
    make(path)
    for rounds in range(6):
        writer = started(WRITER, path)
        told = [int(writer.stdout.readline()) for _ in range(4 + rounds)]
        time.sleep(0.003 * rounds)
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.communicate()[0].split() if line.strip()]
        with vdb.open(path) as db:
            assert not db.check()
            docs = db.collection("docs")
            turn = docs.get(0).payload["turn"]
            assert turn in (told[-1], told[-1] + 1)
            assert sorted(docs.search_text(f"turn{turn}", 100).ids.tolist()) == list(range(20))
            assert len(docs.search_text("same", 100)) == 20
            with db._environment.snapshot() as reader:
                header = segments.header_of(reader, 1, 1)
            assert header.documents == len(docs)
