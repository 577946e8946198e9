"""Each database takes a share of the address space that is left, and its map grows as needed."""

import os
import sys

import numpy as np
import pytest

import vdb
from support.store_tools import child, run
from vdb.store.files import address_space

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process has taken"),
    pytest.mark.skipif("VDB_SANITIZED" in os.environ, reason="a sanitizer takes it for itself"),
]

GIB = 1 << 30
LISTS = 3 << 20
"""Bytes of the lists of pages that LMDB allocates for a database that may be written to."""


def test_shares_leave_a_quarter_to_the_process_after_two_hundred(monkeypatch):
    left = limit = 128 << 40
    monkeypatch.setattr(address_space, "_limit", lambda: limit)
    monkeypatch.setattr(address_space, "_in_use", lambda: limit - left)
    shares = []
    for others in range(200):
        shares.append(address_space.share(others))
        left -= shares[-1]
    assert shares[0] == address_space.FULL_MAP
    assert left >= limit / 4
    assert min(shares) >= 10 * GIB


def test_where_the_system_does_not_say_what_is_taken_shares_are_as_small(monkeypatch):
    monkeypatch.setattr(address_space, "_in_use", lambda: None)
    monkeypatch.setattr(address_space, "_limit", lambda: 64 << 40)
    shares = [address_space.share(others) for others in range(300)]
    assert shares[0] == address_space.FULL_MAP
    assert sum(shares) <= 48 << 40


def test_under_a_limit_three_hundred_smallest_maps_fit_beside_the_first_shares(monkeypatch):
    limit, base = 4 * GIB, 200 << 20
    left = limit - base
    monkeypatch.setattr(address_space, "_limit", lambda: limit)
    monkeypatch.setattr(address_space, "_in_use", lambda: limit - left)
    shares = []
    for others in range(300):
        assert not address_space.is_used_up()
        shares.append(address_space.share(others))
        left -= shares[-1] + LISTS
    assert shares[0] >= 200 << 20
    assert shares[-1] == address_space.SMALLEST_MAP
    assert left >= 1 * GIB  # which the others grow into


MANY = """
import resource, numpy as np
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
limit = {limit}
if limit:
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
import vdb
held = []
for n in range({count}):
    db = vdb.open(f"{{path}}-{{n}}", durability="relaxed")
    held.append(db)
    if n % 20 == 0:
        db.create_collection("c", dim=4, metric="l2").add([1, 2], np.eye(2, 4))
np.zeros({use}, np.uint8)[::4096] = 1
for db in held[::20]:
    assert len(db.collection("c")) == 2
    db.collection("c").add(3, [1, 1, 1, 1])
for db in held:
    db.close()
say("usable")
"""


@pytest.mark.parametrize(("limit", "use"), [(0, 1 << 30), (8 * GIB, 1 << 30)])
def test_a_hundred_and_thirty_open_databases_leave_a_process_usable(tmp_path, limit, use):
    resource = pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 1200:
        pytest.skip("so many databases take nearly a thousand descriptors")
    assert run(MANY.format(limit=limit, count=130, use=use), tmp_path / "many") == "usable"


ANY_GROWS = """
import resource, threading, numpy as np
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
import vdb
options = {"dim": 256, "metric": "l2", "index": vdb.Flat()}
held = []
for n in range(300):
    db = vdb.open(f"{path}-{n}", durability="relaxed")
    held.append(db)
    db.create_collection("c", **options).add([1, 2], np.eye(2, 256), threads=1)
rows = np.ones((4_500, 256), np.float32)  # more than the smallest map
some = held[::4] + held[-1:]
for db in some:
    db.collection("c").upsert(range(4_500), rows, threads=1)
thread = threading.Thread(target=lambda: say("ran"))
thread.start()
thread.join()
np.zeros(16 << 20, np.uint8)[::4096] = 1
say(sum(len(db.collection("c")) for db in some))
say(sum(len(list(db.check())) for db in held[::40]))
"""


def test_of_three_hundred_databases_in_four_gib_any_can_grow(tmp_path):
    resource = pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2500:
        pytest.skip("so many databases take over two thousand descriptors")
    assert run(ANY_GROWS, tmp_path / "many").split("\n") == ["ran", "342000", "0"]


GROWS = """
import resource, numpy as np, vdb
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
others = [vdb.open(f"{{path}}{{n}}") for n in range(40)]
db = vdb.open(path, durability="relaxed")
first = db._environment.map_size
c = db.create_collection("c", dim=1000, metric="l2", index=vdb.Flat())
for n in range(4):  # each of them more than there was room for at first
    c.add(range(n * 10_000, (n + 1) * 10_000), np.full((10_000, 1000), n, np.float32), threads=1)
say(len(c), first < 40_000_000 or first, db._environment.map_size > first)
"""


def test_a_map_grows_with_the_calls_that_need_more(tmp_path):
    assert run(GROWS.format(limit=3 * GIB), tmp_path / "grows") == "40000 True True"


FULL = """
from vdb.store.files import address_space
import vdb, numpy as np
address_space.share, address_space.ROOM = lambda *_, **__: 1 << 22, 0
db = vdb.open(path, durability="relaxed")
c = db.create_collection("c", dim=1000, metric="l2", index=vdb.Flat())
rows = np.zeros((500, 1000), np.float32)
def all_of_them():
    with db.batch():
        for n in range(10):
            c.add(range(n * 500, n * 500 + 500), rows)
held = db.snapshot()
for _ in range(2):  # the map cannot grow under a snapshot
    try:
        all_of_them()
    except vdb.DiskFullError as error:
        say("snapshot" in str(error), "ulimit" in str(error))
say(len(c))
held.close()
done = False
for _ in range(4):
    try:
        all_of_them()
        break
    except vdb.DiskFullError:
        pass
say(len(c))
db.close()
"""


def test_a_batch_that_filled_the_map_is_undone_and_the_next_has_more_room(tmp_path):
    path = tmp_path / "full"
    assert run(FULL, path).split("\n") == ["True True", "True True", "0", "5000"]
    with vdb.open(path) as db:
        assert list(db.check()) == []


READER = """
from vdb.store.files import address_space
import vdb
address_space.share, address_space.ROOM = lambda *_, **__: 1 << 22, 0
db = vdb.open(path)
c = db.collection("c")
held = db.snapshot()
say("open")
hear()
try:
    len(c)
    say("read")
except vdb.BusyError as error:
    say("snapshots and iterators" in str(error))
say(len(held.collection("c")))
held.close()
say(len(c))
"""


def test_a_reader_whose_map_is_outgrown_says_what_holds_it(path, db):
    c = db.create_collection("c", dim=1000, metric="l2", index=vdb.Flat())
    c.add(1, np.zeros(1000))
    with child(READER, path) as other:
        assert other.hear() == "open"
        c.add(range(2, 5000), np.zeros((4998, 1000), np.float32))
        other.say()
        assert [other.hear(), other.hear(), other.hear()] == ["True", "1", "4999"]
        other.end()


DESCRIPTORS = """
import resource, vdb
resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))
held = []
try:
    while True:
        held.append(vdb.open(f"{path}{len(held)}"))
except vdb.DiskError as error:
    say("ulimit -n" in str(error), "disk" not in str(error), error.errno)
say(len(held[0].collections()))
"""


def test_too_few_descriptors_are_called_that(tmp_path):
    assert run(DESCRIPTORS, tmp_path / "many").split("\n") == ["True True 24", "0"]


NO_SPACE = """
import resource, vdb
limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
held = []
try:
    while True:
        held.append(vdb.open(f"{path}{len(held)}"))
except (vdb.BusyError, MemoryError) as error:
    say("ulimit -v" in str(error) or type(error).__name__)
say(len(held) > 3)
"""


def test_too_little_address_space_is_called_that(tmp_path):
    assert run(NO_SPACE, tmp_path / "many").split("\n") == ["True", "True"]


USED_UP = """
import resource, threading, numpy as np
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
limit = 1 << 30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
import vdb
held = []
try:
    while len(held) < 500:
        held.append(vdb.open(f"{path}-{len(held)}", durability="relaxed"))
except vdb.BusyError as error:
    say("ulimit -v" in str(error))
np.zeros(16 << 20, np.uint8)[::4096] = 1
thread = threading.Thread(target=lambda: say("ran"))
thread.start()
thread.join()
for db in held[::10]:
    db.create_collection("c", dim=4, metric="l2").add([1, 2], np.eye(2, 4), threads=1)
say("usable")
"""


def test_the_database_that_is_refused_leaves_the_process_usable(tmp_path):
    assert run(USED_UP, tmp_path / "many").split() == ["True", "ran", "usable"]
