#!/usr/bin/env bash
# One would guess: when the head of a cluster is gone, what a driver does next with Ray raises an exception, which the
# program may catch, log, and go on from.
# What happens: calls of an actor on a living node go on being answered. Then, 60 seconds later, Ray ends the driver's
# process with status 1, from a thread of its own: in the middle of anything, without an exception, and without finally,
# with or atexit. ray.shutdown() in time avoids it, and so does a higher RAY_gcs_rpc_server_reconnect_timeout_s in the
# environment of the driver. (Here it is 5 seconds, so that the script need not wait for a minute.)
# Ray 2.60.0; seen by running it, and src/ray/rpc/rpc_client.h.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0
cd "$folder"
cat >cluster.py <<'PY'
import sys
from ray.cluster_utils import Cluster

cluster = Cluster(True, head_node_args={"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False})
cluster.add_node(num_cpus=1, object_store_memory=80_000_000, resources={"other": 1})
print(cluster.address, cluster.head_node.all_processes["gcs_server"][0].process.pid, flush=True)
sys.stdin.read()
cluster.shutdown()
PY
cat >driver.py <<'PY'
import atexit, os, signal, sys, time
import ray

address, head = sys.argv[1], int(sys.argv[2])
ray.init(address=address, log_to_driver=False, logging_level="error")


@ray.remote(resources={"other": 1})
class Actor:
    def ping(self):
        return "pong"


actor = Actor.remote()
print("before:", ray.get(actor.ping.remote()), flush=True)
atexit.register(print, "atexit ran", flush=True)
os.kill(head, signal.SIGKILL)
try:
    print("head killed:", ray.get(actor.ping.remote()), flush=True)
    time.sleep(20)  # no call of Ray's at all
    print("the program goes on", flush=True)
except BaseException as error:
    print("caught", type(error).__name__, flush=True)
finally:
    print("finally ran", flush=True)
PY
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0
mkfifo end
"$folder/venv/bin/python" cluster.py <end >cluster.log 2>/dev/null &
owner=$!
exec 9>end
for _ in $(seq 600); do
  [ -s cluster.log ] && break
  sleep 0.2
done
read -r address head <cluster.log
status=0
RAY_gcs_rpc_server_reconnect_timeout_s=5 "$folder/venv/bin/python" driver.py "$address" "$head" >driver.log 2>error.log || status=$?
exec 9>&-
wait "$owner" || true
echo "Ray 2.60.0"
echo "expected: an exception, finally, atexit; or that the program goes on"
cat driver.log
echo "status of the driver: $status"
grep -q "head killed: pong" driver.log
! grep -q "goes on\|caught\|finally ran\|atexit ran" driver.log
[ "$status" -eq 1 ]
grep -q "The program will terminate" error.log
