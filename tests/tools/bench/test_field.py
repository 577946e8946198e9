"""The field: peers in processes of their own, resumable runs, honest tables."""

import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def peers(monkeypatch):
    from tools.bench.field.contestants import CONTESTANTS, LIBRARY, Contestant

    monkeypatch.setenv("PYTHONPATH", str(HERE))
    vdb = next(one for one in CONTESTANTS if one.name == "vdb")
    fake = Contestant("hnswlib", "fake_peer", LIBRARY, "everything", package="")
    return {
        "fake": fake,
        "vdb": vdb,
        "refuses": replace(fake, name="voyager", options={"refuses": "not on Mondays"}),
        "dies": replace(fake, name="hannoy", options={"dies": True}),
        "sleeps": replace(fake, name="Chroma", options={"sleeps": 60}),
        "codes": replace(vdb, name="vdb int8", options={"codes": "no such codes"}),
        "absent": replace(fake, name="zvec", module="zvec"),
    }


@pytest.fixture
def course(tmp_path, peers, monkeypatch):
    from tools.bench.field import curves
    from tools.bench.field.course import Course
    from tools.bench.field.environments import Environments
    from tools.bench.field.store import Store

    monkeypatch.setattr(curves, "CONTESTANTS", (peers["fake"],))
    said = []
    course = Course(
        tmp_path / "field",
        Store(tmp_path / "results.json"),
        Environments(tmp_path / "peers"),
        rounds=1,
        queries=50,
        seconds=0.05,
        ones=5,
        say=said.append,
    )
    course.store.begin({"rounds": 1})
    return course


@pytest.fixture
def case(tmp_path):
    from tools.bench.field.built import Case
    from tools.bench.field.sets import prepare

    return Case(prepare("1200x8", tmp_path / "data", tmp_path), "l2")


@pytest.fixture
def worker(course, peers, case):
    from tools.bench.field.environments import begin

    opened = []

    def start(name, folder):
        one = peers[name]
        worker = course.environments.start(one, folder)
        opened.append(worker)
        begin(worker, one, case.metric, 8, folder)
        return worker

    yield start
    for one in opened:
        one.close()


def test_made_sets_are_prefixes_of_larger_ones_whatever_their_type(tmp_path):
    from tools.bench.field.sets import prepare

    small = prepare("1kx16", tmp_path, tmp_path).mapped()
    large = prepare("40000x16", tmp_path, tmp_path).mapped()
    half = prepare("1kx16", tmp_path, tmp_path, "float16").mapped()
    assert large.vectors.shape == (40_000, 16)
    assert np.array_equal(small.vectors, large.vectors[:1_000])
    assert np.array_equal(small.queries, large.queries)
    assert half.vectors.dtype == np.float16
    assert np.allclose(half.vectors, small.vectors, atol=1e-2)
    for name in ("1000by16", "unreal", ""):
        with pytest.raises(ValueError, match="not a data set"):
            prepare(name, tmp_path, tmp_path)


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_truth_by_blocks_is_what_a_plain_sort_finds(tmp_path, metric, monkeypatch):
    from tools.bench.data import Dataset, find_truth
    from tools.bench.field import sets

    monkeypatch.setattr(sets, "ROWS", 64)
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((300, 8)).astype(np.float32)
    dataset = Dataset("made", vectors, rng.standard_normal((9, 8)).astype(np.float32))
    found, known = sets.rank(dataset, metric, 10), find_truth(dataset, metric, 10, tmp_path)
    assert np.array_equal(found.ids, known.ids)
    assert np.allclose(found.limit, known.limit)


@pytest.mark.parametrize("name", ["fake", "vdb"])
def test_an_adapter_builds_opens_searches_and_inserts(worker, case, name, tmp_path, course):
    files, out = case.files, tmp_path / "ids.npy"
    first = worker(name, tmp_path / "index")
    built = first.ask(
        "build", vectors=str(files.vectors), rows=1_200, M=8, ef_construction=80, threads=2
    )
    assert built["build"]["wall"] > 0
    assert built["peak"] > 0
    first.ask("close")
    second = worker(name, tmp_path / "index")
    second.pin([course.cpus[0]])
    assert second.ask("load")["load"]["wall"] >= 0
    truth = files.truth("l2", 10, 30).ids
    asked = {"queries": str(files.queries), "k": 10, "ef": 200, "out": str(out)}
    for each in (False, True):
        answer = second.ask("search", count=30, each=each, **asked)
        assert answer["count"] == 30
        found = np.load(out)
        near = np.mean([len(set(a) & set(b)) for a, b in zip(found, truth, strict=True)])
        assert near > 9.5
    laps = second.ask(
        "insert", vectors=str(files.queries), first=1_200, count=3, rows=2, seconds=10
    )
    assert len(laps["laps"]) == 3
    second.ask("search", count=6, **asked)
    assert np.array_equal(np.load(out)[:, 0], np.arange(1_200, 1_206))
    memory = second.ask("memory")
    assert memory["private"] > 0
    assert memory["mapped"] > 0
    second.ask("close")


def test_refusals_deaths_and_silence_are_answers(worker, course, peers, tmp_path, case):
    from tools.bench.field.process import PeerError

    for name, text in (
        ("refuses", "not on Mondays"),
        ("codes", "no such codes"),
        ("absent", "not installed"),
    ):
        with pytest.raises(PeerError, match=text) as raised:
            worker(name, tmp_path / name)
        assert raised.value.refused
    dying = worker("dies", tmp_path / "dies")
    with pytest.raises(PeerError, match="ended with status 7"):
        dying.ask(
            "build", vectors=str(case.files.vectors), rows=9, M=8, ef_construction=9, threads=1
        )
    with pytest.raises(PeerError):
        dying.ask("memory")
    sleepy = worker("sleeps", tmp_path / "sleeps")
    with pytest.raises(PeerError, match=r"no answer in 0\.1 s"):
        sleepy.ask("load", patience=0.1)


def test_a_run_measures_everybody_once_and_is_taken_up_again(course, case, peers, tmp_path):
    from tools.bench.field import built, curves, document, inserting, limited, opening, page, tables

    everybody = tuple(one for name, one in peers.items() if name not in ("codes", "sleeps"))
    parts = (built.build, curves.run, opening.run, inserting.run, limited.run)
    for part in parts:
        part(course, case, everybody)
    stored = json.loads(course.store.path.read_text())["entries"]
    assert {one["contestant"] for one in stored} == {one.name for one in everybody}
    good = {one.name for one in (peers["fake"], peers["vdb"])}
    for part in ("build", "curves", "opening", "inserts"):
        measured = {one["contestant"] for one in stored if one["part"] == part}
        failed = {one["contestant"] for one in stored if one["part"] == part and "error" in one}
        assert measured - failed == good
    curve = course.store.get("curves", *case.key, "hnswlib")["curve"]
    assert [len(point["laps"]) for point in curve] == [1] * len(curve)
    assert curve[0]["recall"] == pytest.approx(0.5, abs=0.01)
    assert not (course.folder / "scratch").exists()

    before = course.store.path.read_text()
    for part in parts:
        part(course, case, everybody)
    assert course.store.path.read_text() == before

    titles = [one.title.split(":")[0] for one in tables.all_tables(course.store)]
    assert titles == ["Searches", "Builds", "Opening and memory", "Inserts"]
    for one in tables.all_tables(course.store):
        assert [row[0] for row in one.rows] == ["hnswlib", "vdb"]
        assert {len(row) for row in one.rows} == {len(one.columns)}
    assert "voyager (curves)" in tables.left_out(course.store)
    told = document.write(course.store, "wall")
    for words in ("### Searches: 1200x8, l2", "not on Mondays", "| build, vdb |"):
        assert words in told
    assert_is_alone(page.write(course.store, "wall"))


def test_who_fails_while_being_timed_does_not_stop_the_others(course, case, peers):
    from tools.bench.field import built, curves

    tired = replace(peers["fake"], name="usearch f32", options={"tires": 20})
    built.build(course, case, (peers["fake"], tired))
    curves.run(course, case, (peers["fake"], tired))
    assert "tired" in course.store.get("curves", *case.key, "usearch f32")["error"]
    assert course.store.get("curves", *case.key, "hnswlib")["curve"]


def assert_is_alone(html):
    """A page that loads nothing, and whose tags all end."""
    assert not re.findall(r"(?:src|href|url)\s*[=(]", html)
    assert "<script" not in html
    assert "<polyline" in html

    class Tags(HTMLParser):
        open: list[str] = []  # noqa: RUF012 -- one page

        def handle_starttag(self, tag, attrs):
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    tags = Tags()
    tags.feed(html)
    assert tags.open == []


def curve(*points):
    return [
        {"ef": ef, "recall": recall, "count": 100, "laps": [{"wall": wall, "cpu": wall}] * 3}
        for ef, recall, wall in points
    ]


def test_rates_lie_between_the_points_around_a_recall():
    from tools.bench.field import targets

    points = curve((10, 0.90, 1.0), (20, 1.0, 4.0))
    assert targets.rates_at(points, 0.95) == [pytest.approx(50.0)] * 3
    assert targets.rates_at(points, 0.85) == [pytest.approx(100.0)] * 3
    assert targets.rates_at(points[:1], 0.95) is None
    entry = {"curve": points, "reference": {"curve": curve((10, 0.90, 2.0), (20, 1.0, 8.0))}}
    assert targets.ratio(entry, 0.95) == pytest.approx(2.0)
    assert targets.ratio({"curve": points}, 0.95) is None
    assert targets.throughput([0.5, 1.5], 10) == 10.0
    assert targets.quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert targets.quantile([], 0.5) is None


def test_bars_are_judged_by_the_reference_of_the_same_group(tmp_path):
    from tools.bench.field.bars import verdicts
    from tools.bench.field.store import Store

    store, key = Store(tmp_path / "results.json"), ("1000000x768", "l2")
    beside = {"curve": curve((10, 0.9, 1.0), (20, 1.0, 1.0))}
    fast = {"curve": curve((10, 0.9, 0.4), (20, 1.0, 0.4)), "reference": beside}
    build = {"laps": [{"build": {"wall": 5.0, "cpu": 5.0}}], "rows": 10**6, "dim": 768}
    opened = {"open": 0.01, "first": 0.02, "read": 2**20}
    for name in ("vdb", "vdb int8", "vdb int4"):
        store.put("build", *key, name, build)
        store.put("curves", *key, name, fast)
        store.put("opening", *key, name, {"warm": [opened], "cold": [opened]})
    store.put("build", *key, "hnswlib", {"laps": [{"build": {"wall": 7.0, "cpu": 7.0}}]})
    marks = {row.what: row.mark for row in verdicts(store)}
    assert marks["queries/s at 0.95, vdb int8"] == "pass"
    assert marks["queries/s at 0.95, vdb int4"] == "FAIL"
    assert marks["build, vdb"] == "pass"
    assert marks["build, vdb int8"] == "FAIL"
    assert marks["open to first answer, warm, vdb"] == "FAIL"
    assert marks["read from disk to first answer, cold, vdb"] == "pass"


def test_contestants_are_chosen_by_name_library_and_kind():
    from tools.bench.field.contestants import CONTESTANTS, DATABASE, REQUIRES, chosen

    assert chosen(None) == CONTESTANTS
    assert [one.name for one in chosen("usearch, VSAG rabitq")] == [
        "hnswlib",
        "usearch f32",
        "usearch i8",
        "VSAG rabitq",
    ]
    assert {one.kind for one in chosen("database")[1:]} == {DATABASE}
    with pytest.raises(ValueError, match="'annoy' is not one of hnswlib"):
        chosen("vdb,annoy")
    assert all(one.module in REQUIRES for one in CONTESTANTS)
    assert all(one.lacks or one.module == "vdb" for one in CONTESTANTS)


def test_a_limit_is_kept_or_refused_with_a_reason():
    from tools.bench.field.limits import NoLimitError, limited

    try:
        with limited(64 << 20, "test") as group:
            assert group.folder.is_dir()
        assert not group.folder.exists()
    except NoLimitError as error:
        assert "control group" in str(error)


def test_evicted_files_are_whole_and_read_again(tmp_path):
    from tools.bench.field import cache

    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(os.urandom(100_000))
    before = (tmp_path / "a" / "b").read_bytes()
    cache.evict(tmp_path)
    cache.warm(tmp_path)
    assert (tmp_path / "a" / "b").read_bytes() == before
