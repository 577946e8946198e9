"""`vdb explore`: it serves what is there, reads only, and ends by Ctrl-C."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest


def test_a_missing_server_is_named_with_its_extra(run, filled, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "vdb.explorer.server", raising=False)
    assert run("explore", filled).failed_with("vdb[explore]")


def test_a_database_that_is_not_there_is_named(run, tmp_path):
    pytest.importorskip("uvicorn")
    assert run("explore", tmp_path / "none.vdb").failed_with("none.vdb")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
def test_it_serves_the_page_until_it_is_interrupted(filled):
    pytest.importorskip("uvicorn")
    pytest.importorskip("starlette")
    command = [sys.executable, "-m", "vdb", "explore", str(filled), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            lines = iter(server.stdout.readline, "}\n")
            address = json.loads("".join([*lines, "}"]))["address"]
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(address) as page:
                assert b"vdb explore" in page.read()
            with urllib.request.urlopen(f"{address}answer/overview", data=b"{}") as answer:
                names = [one["name"] for one in json.load(answer)["collections"]]
            assert names == ["notes", "numbers"]
            server.send_signal(signal.SIGINT)
            _, complaints = server.communicate(timeout=20)
        finally:
            server.kill()
    assert "Traceback" not in complaints
    assert server.returncode in (0, 130)
