#!/usr/bin/env bash
# One would guess: an object in a store is there whole or not at all, so a program that fails inside "with fs.open(..., 'wb')"
# leaves nothing, or what was there before.
# What happens: the end of the block closes the file, and closing puts what was written so far as a whole object, in the
# place of the old one. Nothing tells it from a finished one. A transaction (with fs.transaction) helps.
# s3fs 2026.9.0 with an S3 server of moto 5.2.5 on this machine; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check s3fs==2026.9.0 'moto[server]==5.2.5'
cd "$folder"
"$folder/venv/bin/moto_server" -H 127.0.0.1 -p 5587 >server.log 2>&1 &
server=$!
for _ in $(seq 100); do
  curl -sf --max-time 5 -X PUT http://127.0.0.1:5587/bucket1 >/dev/null && break
  sleep 0.2
done
"$folder/venv/bin/python" - <<'PY'
import s3fs

print("s3fs", s3fs.__version__)
files = s3fs.S3FileSystem(
    key="a", secret="b", client_kwargs={"endpoint_url": "http://127.0.0.1:5587", "region_name": "us-east-1"}
)


def write(path):
    with files.open(path, "wb") as file:
        file.write(b"first half, ")
        raise ZeroDivisionError("the second half cannot be computed")


def content(path):
    files.invalidate_cache()
    return files.cat_file(path)


files.pipe_file("bucket1/plain", b"whole, of yesterday")
files.pipe_file("bucket1/transaction", b"whole, of yesterday")
try:
    write("bucket1/plain")
except ZeroDivisionError:
    pass
try:
    with files.transaction:
        write("bucket1/transaction")
except ZeroDivisionError:
    pass
print("expected: whole, of yesterday")
print("plain ->", content("bucket1/plain"))
print("in a transaction ->", content("bucket1/transaction"))
assert content("bucket1/plain") == b"first half, "
assert content("bucket1/transaction") == b"whole, of yesterday"
PY
