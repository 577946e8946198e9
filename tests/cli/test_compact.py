"""`vdb compact` gives space back, and refuses while others have the database open."""

import subprocess
import sys

from vdb.api import database

PEER = """
import sys, vdb
db = vdb.open(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""


def test_space_is_given_back(run, place):
    with database.open(place) as db:
        docs = db.create_collection("docs", dim=64, metric="l2")
        docs.add(range(3000), [[float(i % 97)] * 64 for i in range(3000)])
        db.drop_collection("docs")
    ran = run("compact", place, "--json")
    assert ran.status == 0, ran.err
    assert ran.json["given_back"] > 500_000
    assert run("compact", place).out.endswith("after\n")


def test_it_refuses_while_another_process_has_it_open(run, filled):
    peer = subprocess.Popen(
        [sys.executable, "-c", PEER, str(filled)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with peer:
        assert peer.stdout.readline() == "open\n"
        ran = run("compact", filled)
        assert ran.failed_with("open in another process")
        if sys.platform == "linux":
            assert f"another process ({peer.pid} python" in ran.err
        peer.communicate("\n")
    assert run("compact", filled).status == 0


def test_a_database_that_is_not_there_is_not_made(run, place):
    assert run("compact", place).failed_with(str(place))
    assert not place.exists()
