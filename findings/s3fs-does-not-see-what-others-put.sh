#!/usr/bin/env bash
# One would guess: a file system over S3 asks S3. What another program has put exists; what it has deleted does not.
# What happens: after a folder was listed once, ls, glob, exists and info answer from memory, for as long as the object of
# the file system lives (and fsspec gives everybody in a process the same one). exists() is False for an object that is
# there, info() has the size of one that is gone. Only find() lists anew. invalidate_cache() helps.
# s3fs 2026.9.0 with an S3 server of moto 5.2.5 on this machine; seen by running it (fsspec: dircache, without a limit in
# time by default).
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check s3fs==2026.9.0 'moto[server]==5.2.5' obstore==0.12.1
cd "$folder"
"$folder/venv/bin/moto_server" -H 127.0.0.1 -p 5588 >server.log 2>&1 &
server=$!
for _ in $(seq 100); do
  curl -sf --max-time 5 -X PUT http://127.0.0.1:5588/bucket1 >/dev/null && break
  sleep 0.2
done
"$folder/venv/bin/python" - <<'PY'
import obstore
import s3fs
from obstore.store import S3Store

print("s3fs", s3fs.__version__, "obstore", obstore.__version__)
address, keys = "http://127.0.0.1:5588", {"access_key_id": "a", "secret_access_key": "b"}
files = s3fs.S3FileSystem(key="a", secret="b", client_kwargs={"endpoint_url": address, "region_name": "us-east-1"})
other = S3Store("bucket1", endpoint=address, region="us-east-1", client_options={"allow_http": True}, **keys)
files.pipe_file("bucket1/a/one", b"1")
print("listed:", files.ls("bucket1/a"))
obstore.put(other, "a/two", b"2")
obstore.delete(other, ["a/one"])
seen = {
    "exists(two), which was put": files.exists("bucket1/a/two"),
    "exists(one), which was deleted": files.exists("bucket1/a/one"),
    "size of one": files.info("bucket1/a/one")["size"],
    "ls": files.ls("bucket1/a"),
    "find": files.find("bucket1/a"),
}
print("expected: True, False, FileNotFoundError, and two in both lists")
for what, answer in seen.items():
    print(what, "->", answer)
assert list(seen.values()) == [False, True, 1, ["bucket1/a/one"], ["bucket1/a/two"]]
files.invalidate_cache()
assert files.exists("bucket1/a/two") and files.ls("bucket1/a") == ["bucket1/a/two"]
PY
