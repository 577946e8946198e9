"""What the checks cost that cannot be switched off: the kernel as it is, and without them.

    python -m tools.bench checks [--records 20000] [--turns 7]

The kernel is compiled without one kind of check after the other; these then take turns, so that all
of them meet the same machine. Seconds are those of the processor, on one thread. Also: how long
opening takes with each `verify`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.torture.mutation.scratch_copy import ScratchCopy

LEFT_OUT = {
    "checksums": (
        "vdb/kernel/blocks/block_table.cpp",
        '  expect("checksum", load<uint32_t>(p + kAtChecksum), checksum(p));\n',
        "",
    ),
    "bounds of links": ("vdb/kernel/graph/graph.h", "if (slot >= slots_) out_of_bounds(link);", ""),
    "checksums of records": (
        "vdb/kernel/bindings/records.cpp",
        "little_endian(value.data()) != crc32c(body, size, expected) ||",
        "",
    ),
}

# Run in a process of its own: seconds of each kind of work, the least of some.
WORK = """
import json, sys, time
import numpy as np
import vdb
path, records = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(1)
queries = random.normal(size=(300, 256)).astype(np.float32)
seconds = {}
def timed(name, work, times=1):
    for _ in range(times):
        began = time.process_time()
        work()
        taken = time.process_time() - began
        seconds[name] = min(seconds.get(name, taken), taken)
began = time.process_time()
db = vdb.open(path)
docs = db.collection("docs")
seconds["open"] = time.process_time() - began
timed("first exact search", lambda: docs.search(queries[0], exact=True))
timed("exact search", lambda: docs.search(queries[0], exact=True), 20)
timed("300 searches", lambda: docs.search_many(queries, ef=100, threads=1), 5)
def with_payloads():
    return [docs.search(q, 50, ef=100)[0].payload for q in queries]
timed("300 searches, payloads read", with_payloads, 3)
new = random.normal(size=(500, 256)).astype(np.float32)
with db.batch():
    timed("500 records added", lambda: docs.add(range(10**6, 10**6 + 500), new, threads=1))
    began = time.process_time()
seconds["their commit"] = time.process_time() - began
docs.delete(range(10**6, 10**6 + 500))
db.close()
print(json.dumps(seconds))
"""
MAKE = """
import sys
import numpy as np
import vdb
random = np.random.default_rng(0)
records = int(sys.argv[2])
with vdb.open(sys.argv[1]) as db:
    docs = db.create_collection("docs", dim=256, metric="l2")
    vectors = random.normal(size=(records, 256)).astype(np.float32)
    docs.add(range(records), vectors, [{"n": i, "text": "x" * 200} for i in range(records)])
"""
OPEN = """
import sys, time
import vdb
vdb.open(sys.argv[1]).close()
for verify in ("auto", "off", "full"):
    taken = []
    for _ in range(5):
        began = time.process_time()
        db = vdb.open(sys.argv[1], verify=verify)
        taken.append(time.process_time() - began)
        db.close()
    print(verify, min(taken))
"""


def run(code: str, *arguments: object, copy: ScratchCopy | None = None) -> str:
    """What a process of its own printed, of the checkout or of a copy."""
    env, where = (None, None) if copy is None else (copy.environment, copy.tree)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    completed = subprocess.run(
        command, env=env, cwd=where, capture_output=True, text=True, check=False
    )
    if completed.returncode:
        sys.exit(completed.stderr)
    return completed.stdout


def compiled(copy: ScratchCopy, target: Path, change: tuple[str, ...]) -> Path:
    """The kernel with a change of the source, compiled and put aside."""
    whole = copy.replace(*change) if change else ""
    fault = copy.compile()
    if change:
        copy.restore(change[0], whole)
    if fault is not None:
        sys.exit(fault)
    shutil.copy2(copy.module, target)
    return target


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench checks", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--place", type=Path, help="where what is compiled stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vdb-checks-") as name:
        place = options.place or Path(name)
        place.mkdir(exist_ok=True)
        path = Path(name) / "measured.vdb"
        run(MAKE, path, options.records)
        megabytes = (path / "data.mdb").stat().st_size / 1e6
        print(f"{options.records:,} records of 256 dimensions, {megabytes:.0f} MB")
        for line in run(OPEN, path).splitlines():
            verify, seconds = line.split()
            print(f'verify="{verify}": {float(seconds) * 1e3:.2f} ms', flush=True)
        copy = ScratchCopy(place)
        kernels = {"as it is": compiled(copy, Path(name) / "0", ())}
        for number, (left_out, change) in enumerate(LEFT_OUT.items(), 1):
            kernels[left_out] = compiled(copy, Path(name) / str(number), change)
        laps: dict[str, list[dict[str, float]]] = {one: [] for one in kernels}
        for _ in range(options.turns):
            for one, kernel in kernels.items():
                shutil.copy2(kernel, copy.module)
                output = run(WORK, path, options.records, copy=copy)
                laps[one].append(json.loads(output))
    print(f"{'':30}{'as it is':>12}" + "".join(f"{f'no {one}':>26}" for one in LEFT_OUT))
    for work in laps["as it is"][0]:
        middle = {one: statistics.median(turn[work] for turn in laps[one]) for one in laps}
        whole = middle.pop("as it is")
        ratios = "".join(f"{seconds / whole:>26.3f}" for seconds in middle.values())
        print(f"{work:30}{whole * 1e3:>9.3f} ms{ratios}")


if __name__ == "__main__":
    main()
