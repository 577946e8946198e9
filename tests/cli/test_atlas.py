"""`vdb atlas`: it writes the file, and starts what shows it, on the loopback address."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import vdb

parquet = pytest.importorskip("pyarrow.parquet")

# In the place of embedding-atlas: it tells what it was started with, and serves one page.
VIEWER = """
import http.server, json, os, sys
options = dict(one.split("=", 1) for one in sys.argv[2:] if "=" in one)
host, port = (sys.argv[sys.argv.index(name) + 1] for name in ("--host", "--port"))
if os.environ.get("VIEWER_FAILS"):
    sys.exit("no such thing")
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = {"argv": sys.argv[1:], "size": os.path.getsize(sys.argv[1])}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())
    def log_message(self, *_):
        pass
http.server.HTTPServer((host, int(port)), Page).serve_forever()
"""


@pytest.fixture
def viewer(tmp_path):
    """The environment of a process that finds the stand-in."""
    package = tmp_path / "viewer" / "embedding_atlas"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "cli.py").write_text(VIEWER)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return {**os.environ, "PYTHONPATH": str(package.parent), "TMPDIR": str(temporary)}


def test_it_writes_the_file_and_says_how_to_show_it(run, filled, tmp_path):
    file = tmp_path / "notes.parquet"
    ran = run("atlas", filled, "notes", "--output", file, "-k", 4, "--projection", "pca")
    assert ran.status == 0, ran.err
    assert f"notes: 30 records in {file}" in ran.out
    assert "--x=x --y=y --neighbors=neighbors --text=text" in ran.out
    table = parquet.read_table(file)
    assert table.schema.names == ["id", "i", "text", "x", "y", "neighbors"]
    assert all(len(one["ids"]) == 5 for one in table["neighbors"].to_pylist())
    assert run("atlas", filled, "notes", "--output", file).failed_with("--force")
    ran = run("atlas", filled, "notes", "--output", file, "--force", "--projection=pca", "--json")
    assert ran.json["columns"] == {"x": "x", "y": "y", "neighbors": "neighbors", "text": "text"}
    assert (ran.json["records"], ran.json["file"]) == (30, str(file))


def test_a_sample_is_of_what_passes_and_the_same_for_the_same_seed(run, filled, tmp_path):
    def ids(*options):
        file = tmp_path / "out.parquet"
        words = ("--output", file, "--force", "--projection", "pca", *options)
        ran = run("atlas", filled, "notes", *words)
        assert ran.status == 0, ran.err
        return parquet.read_table(file)["id"].to_pylist()

    first = ids("--sample", 7, "--where", '{"i": {"$lt": 20}}')
    assert len(first) == 7
    assert {int(one.split("-")[1]) for one in first} <= set(range(20))
    assert ids("--sample", 7, "--where", '{"i": {"$lt": 20}}') == first
    assert ids("--sample", 7, "--where", '{"i": {"$lt": 20}}', "--seed", 1) != first
    assert len(ids("--sample", 50)) == 30


def test_what_is_wrong_is_named(run, filled, tmp_path):
    file = tmp_path / "out.parquet"
    assert run("atlas", filled, "none", "--output", file).failed_with("none")
    assert run("atlas", filled, "notes", "--output", file, "--text", "i").failed_with("text")
    assert run("atlas", filled, "notes", "--output", file, "-k", 0).failed_with("-k")
    assert run("atlas", filled, "notes", "--output", file, "--where", "{").failed_with("--where")
    assert not file.exists()


def test_without_embedding_atlas_the_extra_is_named(run, filled, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert run("atlas", filled, "notes").failed_with("vdb[atlas]", "--output")


@pytest.mark.skipif(sys.platform == "win32", reason="it is ended by a signal")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_is_shown_on_the_loopback_address_until_it_is_ended(filled, viewer, ending):
    with vdb.open(filled) as db:
        text = {"--text": "a", "--host": "the longest text of all that there are", "x": 1}
        odd = db.create_collection("odd", dim=2, metric="l2")
        odd.add([1, 2], [[0, 1], [1, 0]], [text, text])
    command = [sys.executable, "-m", "vdb", "atlas", str(filled), "odd", "--json"]
    with subprocess.Popen(
        [*command, "--projection", "pca"],
        env=viewer, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as shown:  # fmt: skip
        try:
            lines = iter(shown.stdout.readline, "}\n")
            told = json.loads("".join([*lines, "}"]))
            assert told["address"].startswith("http://127.0.0.1:")
            with urllib.request.urlopen(told["address"]) as answer:
                started = json.load(answer)
            assert started["size"] > 0
            assert started["argv"][:1] == ["records.parquet"]
            assert {"--x=atlas_x", "--y=y", "--neighbors=neighbors", "--text=--host"} <= set(
                started["argv"]
            )
            at = started["argv"].index("--host")
            assert started["argv"][at + 1] == "127.0.0.1"
            shown.send_signal(ending)
            _, complaints = shown.communicate(timeout=20)
        finally:
            shown.kill()
    assert (shown.returncode, complaints) == (0, "")
    with pytest.raises(OSError):  # the server is gone
        urllib.request.urlopen(told["address"], timeout=5)
    assert list(Path(viewer["TMPDIR"]).iterdir()) == []


def test_a_viewer_that_ends_by_itself_is_the_error(filled, viewer):
    command = [sys.executable, "-m", "vdb", "atlas", str(filled), "notes", "--projection", "pca"]
    ran = subprocess.run(
        command,
        env={**viewer, "VIEWER_FAILS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr == "vdb: embedding-atlas ended: no such thing\n"
    assert list(Path(viewer["TMPDIR"]).iterdir()) == []
