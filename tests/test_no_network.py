"""vdb opens no connection, runs no stored code and loads nothing that could do either.

CI runs the whole suite without a network as well, where the system lets it (`.ci/run`).
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import vdb

SOURCES = sorted(Path(vdb.__file__).parent.rglob("*.py"))
FORBIDDEN = {
    "asyncio", "cloudpickle", "code", "dill", "ftplib", "http", "joblib", "marshal",
    "multiprocessing", "pickle", "requests", "runpy", "shelve", "smtplib", "socket", "socketserver",
    "ssl", "subprocess", "telnetlib", "urllib", "urllib3", "webbrowser", "xmlrpc", "yaml",
}  # fmt: skip
# Its event loop is what the async face and coroutines of adapters run in; that opens nothing.
ASYNC_FACE = {path for path in SOURCES if path.parent.name == "asynchronous"}
ASYNC_FACE |= {path for path in SOURCES if path.name == "store_threads.py"}
# A source that a library may die of is read by another process first: Python, with a module of vdb.
TRIALS = {path for path in SOURCES if path.name == "trial.py"}
# The map of a collection is served by embedding-atlas, another process, on the loopback address.
ATLAS_PAGE = {path for path in SOURCES if path.name == "atlas_page.py"}
CALLS = {"eval", "exec", "compile", "__import__"}
# Not ssl, which asyncio loads.
CONNECTING = {"ftplib", "http", "http.client", "requests", "smtplib", "urllib.request"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_module_imports_a_network_or_runs_what_it_reads(source):
    tree = ast.parse(source.read_text("utf-8"))
    allowed = {"asyncio"} if source in ASYNC_FACE else set()
    allowed |= {"subprocess"} if source in TRIALS else set()
    allowed |= {"subprocess", "socket"} if source in ATLAS_PAGE else set()
    assert {name.split(".")[0] for name in imported(tree)} & FORBIDDEN - allowed == set()
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call)
              if isinstance(node.func, ast.Name)}  # fmt: skip
    assert called & CALLS == set()
    text = source.read_text("utf-8")
    assert "allow_pickle=True" not in text


def test_all_of_it_at_work_makes_no_connection(tmp_path):
    """Every module is imported and a database used, with sockets that cannot be made.

    But for adapters: what frameworks load, and whether it connects, is theirs.
    """
    code = """
import sys
import socket
def refuse(*_, **__):
    raise AssertionError("a socket was made")
socket.socket.__init__ = refuse
socket.create_connection = socket.getaddrinfo = refuse
before = set(sys.modules)
# Hosts of their own.
EXTRAS = "vdb.integrations.", "vdb.explorer.server", "vdb.cluster.engines.ray"
import pkgutil, importlib
import vdb
for module in pkgutil.walk_packages(vdb.__path__, "vdb."):
    if not module.name.endswith("__main__") and not module.name.startswith(EXTRAS):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            assert error.name == "pydantic_core", error  # loaded when pydantic asks
from vdb.cli.app import run
place = sys.argv[1]
with vdb.open(place) as db:
    docs = db.create_collection("c", dim=4, metric="l2", fields={"n": "int"})
    docs.add(range(50), [[i, 1, 0, 2] for i in range(50)], [{"n": i} for i in range(50)])
    docs.search([1, 2, 3, 4], where={"n": {"$gt": 3}})
    docs.rebuild("ip", keep_previous=True)
    docs.tune(0.5)
    vdb.compare_metrics(docs, [[1, 2, 3, 4]])
    assert list(db.check()) == []
    db.backup(place + ".copy")
for command in (["info", place], ["inspect", place, "c"], ["check", place], ["scores"]):
    assert run(command) == 0, command
print(*sorted(set(sys.modules) - before))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.vdb")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert set(ran.stdout.splitlines()[-1].split()) & CONNECTING == set()
