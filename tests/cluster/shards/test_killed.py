"""A process that writes is killed at any moment: nothing acknowledged is lost, nothing is twice."""

from __future__ import annotations

import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

import vdb
from support.shard_cluster import ShardCluster
from vdb.cluster.shards.shard import Shard

WRITERS = """
import os, pickle, sys
import numpy as np
from vdb.cluster.shards.shard import Shard

VECTOR = np.ones((1, 8), np.float32)

def write(place, number):
    shard = Shard(place)
    while True:
        counts = shard.write(f"t{number}", "add", [number], VECTOR, [{"n": number}]).result
        assert (counts.added, counts.skipped) == (1, 0)
        if number % 5 == 4:
            changes = {"u": number}
            assert shard.write(f"u{number}", "update_payloads", [number - 1], changes).result == 1
        os.write(1, b"%d\\n" % number)
        number += 1

for line in sys.stdin:  # a writer for each line, in a process of its own
    place, number = line.split()
    pid = os.fork()
    if not pid:
        os.write(1, b"%d\\n" % os.getpid())
        try:
            write(pickle.loads(bytes.fromhex(place)), int(number))
        finally:
            os._exit(1)
    os.waitpid(pid, 0)
    os.write(1, b"dead\\n")
"""


@pytest.fixture(scope="module")
def writers():
    """A process that starts writers; it has imported all that they need."""
    command = [sys.executable, "-c", WRITERS]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as process:
        yield process
        process.stdin.close()


def killed_after(writers, place, number, writes, pause):
    """The last write that a writer acknowledged before it was killed, from `number` on."""
    writers.stdin.write(f"{pickle.dumps(place).hex()} {number}\n")
    writers.stdin.flush()
    pid = int(writers.stdout.readline())
    acknowledged = number - 1
    for _ in range(writes):
        acknowledged = int(writers.stdout.readline())
    time.sleep(pause)
    os.kill(pid, signal.SIGKILL)
    while (line := writers.stdout.readline()) != "dead\n":
        acknowledged = int(line)
    return acknowledged


@pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked")
@pytest.mark.parametrize("durability", ["node", "stored"])
def test_what_was_acknowledged_is_there_once_however_often_the_writer_was_killed(
    tmp_path, durability, writers
):
    cluster = ShardCluster(tmp_path, durability=durability, on_disk=True)
    place = cluster.place()
    chance = random.Random(7)
    acknowledged = -1
    for _ in range(5):
        writes, pause = chance.randrange(1, 12), chance.random() * 0.01
        acknowledged = killed_after(writers, place, acknowledged + 1, writes, pause)
    shard = Shard(place)
    require_all(shard, acknowledged)
    if durability == "stored":
        before = shard.read(None, "scan").result
        shard.close()
        shutil.rmtree(place.directory)
        shard = Shard(cluster.place(source="docs-000000", may_be_empty=False))
        assert shard.read(None, "scan").result == before
        require_all(shard, acknowledged)
    assert shard.check() == []
    shard.close()


def require_all(shard, acknowledged):
    """All that was acknowledged, and at most the one write more that was under way."""
    records = shard.read(None, "scan").result
    assert [record.id for record in records] == list(range(len(records)))
    assert acknowledged + 1 <= len(records) <= acknowledged + 2
    for record in records[: acknowledged + 1]:
        update = {"u": record.id + 1} if record.id % 5 == 3 and record.id < acknowledged else {}
        assert record.payload == {"n": record.id, **update}
    vector = records[0].vector[None]
    number = len(records) - 1
    again = shard.write(f"t{number}", "add", [number], vector, [{"n": number}])
    assert again.result == vdb.WriteCounts(added=1)
