#!/usr/bin/env bash
# One would guess: an option that is given to a store is added to those that the environment sets.
# What happens: as soon as client_options= is given, with a time limit say, AWS_ALLOW_HTTP of the environment counts no
# more, and every request to an http:// endpoint fails with "builder error" before it is sent. The endpoint and the
# credentials of the environment are still used.
# obstore 0.12.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check obstore==0.12.1
cd "$folder"
AWS_ALLOW_HTTP=true AWS_ENDPOINT_URL=http://127.0.0.1:5589 AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_REGION=us-east-1 \
  "$folder/venv/bin/python" - <<'PY'
import http.server
import threading

import obstore
from obstore.store import S3Store

print("obstore", obstore.__version__)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"x"')
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 5589), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
outcomes = []
for options in ({}, {"client_options": {"timeout": "5s"}}, {"client_options": {"timeout": "5s", "allow_http": True}}):
    try:
        obstore.put(S3Store("bucket1", retry_config={"max_retries": 0}, **options), "name", b"1")
        outcomes.append("put")
    except Exception as error:
        outcomes.append("builder error" if "builder error" in str(error) else str(error))
    print(options, "->", outcomes[-1])
server.shutdown()
print("expected: put, three times")
assert outcomes == ["put", "builder error", "put"]
PY
