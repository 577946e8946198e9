#!/usr/bin/env bash
# One would guess: a named actor is one process. When its node stalls, the actor is unavailable; when Ray starts it on
# another node, the first one is gone, as whoever made the node dead has seen to it.
# What happens: the actor on a stalled node (its raylet stopped, as by a frozen machine or a cut network) goes on with
# what it does, and at first even answers callers, who do not ask the raylet. Once the node is declared dead, a second
# process of the same actor runs on another node, beside the first, which still writes. Two writers, of one name.
# Whatever an actor owns (a directory, a log) needs a fence of its own.
# Ray 2.60.0; seen by running it. The checks of health are faster here than the default (10 s, 5 times).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
cd "$folder"
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0
"$folder/venv/bin/python" - <<'PY' 2>error.log
import os, signal, threading, time
from pathlib import Path
import ray
from ray.cluster_utils import Cluster

print("Ray", ray.__version__)
quick = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
node = {"num_cpus": 1, "object_store_memory": 80_000_000}
cluster = Cluster(True, head_node_args={"include_dashboard": False, "_system_config": quick, **node})
first = cluster.add_node(resources={"disk": 1}, **node)
ray.init(address=cluster.address, log_to_driver=False, logging_level="error")


@ray.remote(num_cpus=0, resources={"disk": 1}, max_restarts=-1)
class Writer:
    def __init__(self, folder):
        threading.Thread(target=self._write, args=(Path(folder, str(os.getpid())),), daemon=True).start()

    def _write(self, path):
        while True:
            path.write_text(str(time.time()))
            time.sleep(0.1)

    def pid(self):
        return os.getpid()


writers = Path("writers").absolute()
writers.mkdir()
actor = Writer.options(name="the one").remote(str(writers))
old = ray.get(actor.pid.remote())
raylet = first.all_processes["raylet"][0].process.pid
os.kill(raylet, signal.SIGSTOP)
same = ray.get(actor.pid.remote(), timeout=5)
cluster.add_node(resources={"disk": 1}, **node)
new = old
for _ in range(200):
    try:
        new = ray.get(ray.get_actor("the one").pid.remote(), timeout=5)
    except ray.exceptions.RayError:
        pass
    if new != old:
        break
    time.sleep(0.2)
time.sleep(2)
writing = sorted(int(path.name) for path in writers.iterdir() if time.time() - float(path.read_text() or 0) < 1)
print("expected: one process writes")
print("the stalled node's actor still answers ->", same == old)
print("processes that write ->", len(writing), "the first among them ->", old in writing)
assert same == old and new != old
assert writing == sorted([old, new])
os.kill(raylet, signal.SIGCONT)
ray.shutdown()
cluster.shutdown()
try:
    os.kill(old, signal.SIGKILL)
except ProcessLookupError:
    pass
PY
