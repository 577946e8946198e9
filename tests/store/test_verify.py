"""How much is looked at before a database is used."""

import json
import random
import shutil

import numpy as np
import pytest

import vdb
from support.store_tools import child

pytestmark = pytest.mark.damages

OPEN_ALL = """
import json
import numpy as np
import vdb
while (place := hear()) != "end":
    try:
        with vdb.open(place, create=False, verify="full") as db:
            docs = db.collection("docs")
            say(json.dumps([docs.search(np.ones(8), 5).ids.tolist(), list(docs.ids())]))
    except vdb.VdbError as error:
        say(type(error).__name__)
"""


@pytest.fixture
def place(path):
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=8, metric="l2")
        vectors = np.random.default_rng(3).normal(size=(300, 8))
        docs.add(range(300), vectors, [{"text": "x" * 50}] * 300)
        docs.delete(range(0, 100, 3))
    return path


@pytest.mark.parametrize("verify", ["auto", "full", "off"])
def test_a_sound_database_opens(place, verify):
    for read_only in (True, False):
        with vdb.open(place, verify=verify, read_only=read_only) as db:
            assert len(db.collection("docs")) == 266
    with vdb.open(place), vdb.open(place, verify=verify) as second:
        assert len(second.collection("docs")) == 266


def test_damage_that_nobody_has_read_yet_is_found_at_opening(place):
    data = (place / "data.mdb").read_bytes()
    (place / "data.mdb").write_bytes(data.replace(b"x" * 50, b"x" * 49 + b"y"))
    with vdb.open(place) as db:
        assert len(db.collection("docs")) == 266
    with pytest.raises(vdb.CorruptedError, match="checksum"):
        vdb.open(place, verify="full")
    with vdb.open(place, create=False) as db:  # nothing was left open
        assert any(db.check())


def test_a_file_that_looks_short_is_refused_unverified(place):
    data = (place / "data.mdb").read_bytes()
    (place / "data.mdb").write_bytes(data[: len(data) // 2])
    with pytest.raises(vdb.CorruptedError, match="not to be verified"):
        vdb.open(place, verify="off")
    for verify in ("auto", "full"):
        with pytest.raises(vdb.CorruptedError):
            vdb.open(place, verify=verify)


@pytest.mark.parametrize("verify", ["Full", True, None, 1])
def test_what_cannot_be_meant_is_refused(path, verify):
    with pytest.raises(vdb.VdbError, match="verify"):
        vdb.open(path, verify=verify)
    assert not path.exists()


def test_a_damaged_file_answers_rightly_or_not_at_all(place, tmp_path):
    """Bits flipped, bytes zeroed, pages swapped or overwritten, in closed copies."""
    whole = (place / "data.mdb").read_bytes()
    pages, draw = len(whole) // 4096, random.Random(17)

    def damaged(kind):
        data, page = bytearray(whole), draw.randrange(pages)
        at = draw.randrange(page * 4096, page * 4096 + 4096)
        other = draw.randrange(pages)
        if kind == 0:
            data[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            data[at : at + 64] = bytes(len(data[at : at + 64]))
        elif kind == 2:
            data[page * 4096 : page * 4096 + 4096] = whole[other * 4096 : other * 4096 + 4096]
        else:
            data[page * 4096 : page * 4096 + 4096] = draw.randbytes(4096)
        return bytes(data)

    copy = tmp_path / "copy.vdb"
    with child(OPEN_ALL, tmp_path) as process:

        def read(data):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(place, copy)
            (copy / "data.mdb").write_bytes(data)
            process.say(str(copy))
            return process.hear()

        right = read(whole)
        assert len(json.loads(right)[1]) == 266
        outcomes = [read(damaged(i % 4)) for i in range(120)]
        process.say("end")
        process.end()
    assert set(outcomes) <= {right, "CorruptedError", "FormatVersionError", "InvalidArgumentError"}
    assert outcomes.count("CorruptedError") > 30  # free pages hold nothing that is read
