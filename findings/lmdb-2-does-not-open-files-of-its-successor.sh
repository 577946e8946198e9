#!/usr/bin/env bash
# One would guess: a major release of the Python binding of LMDB reads the files that others of its releases wrote, as
# long as the engine is called LMDB.
# What happens: py-lmdb 3 carries two engines, and the newer one writes another format (the magic number stands 8 bytes
# further on). py-lmdb 2.0 says of such a file that it is no LMDB file.
# py-lmdb 2.0.0 and 3.0.0; seen by running them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lmdb==3.0.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import subprocess
import sys

import lmdb

MAGIC = (0xBEEFC0DE).to_bytes(4, "little")
print("py-lmdb", lmdb.__version__)
places = {}
for version in (0, 1):
    with lmdb.open(f"v{version}", lib_version=version) as env:
        with env.begin(write=True) as txn:
            txn.put(b"a", b"b")
    places[version] = open(f"v{version}/data.mdb", "rb").read(64).index(MAGIC)
print("the magic number stands at byte", places)
assert places == {0: 16, 1: 24}
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "lmdb==2.0.0"], check=True)
code = "import lmdb; print('py-lmdb', lmdb.__version__); lmdb.open('v0').close(); lmdb.open('v1')"
ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
print(ran.stdout.strip(), "->", ran.stderr.strip().splitlines()[-1])
assert ran.returncode != 0 and "not an LMDB file" in ran.stderr
PY
