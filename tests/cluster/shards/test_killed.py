"""A process that writes is killed at any moment: nothing acknowledged is lost, nothing is twice."""

from __future__ import annotations

import pickle
import random
import shutil
import subprocess
import sys
import time

import pytest

import vdb
from support.shard_cluster import ShardCluster
from vdb.cluster.shards.shard import Shard

WRITER = """
import pickle, sys
import numpy as np
from vdb.cluster.shards.shard import Shard

place, number = pickle.loads(bytes.fromhex(sys.argv[1])), int(sys.argv[2])
shard = Shard(place)
vector = np.ones((1, 8), np.float32)
print("open", flush=True)
while True:
    counts = shard.write(f"t{number}", "add", [number], vector, [{"n": number}]).result
    assert (counts.added, counts.skipped) == (1, 0)
    if number % 5 == 4:
        changed = shard.write(f"u{number}", "update_payloads", [number - 1], {"u": number}).result
        assert changed == 1
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("durability", ["node", "stored"])
def test_what_was_acknowledged_is_there_once_however_often_the_writer_was_killed(
    tmp_path, durability
):
    cluster = ShardCluster(tmp_path, durability=durability, on_disk=True)
    place = cluster.place()
    chance = random.Random(7)
    acknowledged = -1
    for _ in range(3 if durability == "stored" else 2):
        arguments = [sys.executable, "-c", WRITER, pickle.dumps(place).hex(), str(acknowledged + 1)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "open\n"
            for _ in range(chance.randrange(1, 12)):
                acknowledged = int(writer.stdout.readline())
            time.sleep(chance.random() * 0.01)
            writer.kill()
            rest = [line for line in writer.stdout.read().splitlines(keepends=True) if "\n" in line]
            acknowledged = int(rest[-1]) if rest else acknowledged
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
