"""Pages are whole, well-formed, and load nothing, whatever the payloads say."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import vdb
from vdb.analysis.pages import charts
from vdb.analysis.pages.calibration import calibration_page
from vdb.analysis.pages.collections import collections_page
from vdb.analysis.pages.comparison import comparison_page
from vdb.analysis.pages.inspection import inspection_page, size
from vdb.model.interval import Interval

EVIL = '<script src="http://evil.example/x.js"></script><img src=x onerror=alert(1)>\x1b[31m&'
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Checks that tags close in order, and collects what a browser might load."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.links, self.seen = [], set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "srcset", "data", "action", "xlink:href"}:
                self.links.append((tag, name, value))
            assert not name.startswith("on"), (tag, name)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.seen += data


def checked(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    assert not reader.tags & {"script", "img", "link", "iframe", "object", "embed", "base"}
    assert reader.links == []
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src &#x27;none&#x27;" in html
    assert "\x1b" not in html
    assert "nan" not in reader.seen.lower().split()
    return reader


@pytest.fixture
def docs(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="cosine", model=EVIL)
    docs.add([f"{EVIL}{i}" for i in range(300)], crowd[:300], [{"text": EVIL}] * 300)
    return docs


def test_a_comparison_with_labels(docs, crowd):
    queries = crowd[300:320] * np.linspace(0.3, 3, 20)[:, None]
    relevant = [[hit.id for hit in docs.search(q, 2)] for q in queries]
    found = vdb.compare_metrics(docs, queries, relevant=relevant, texts=[EVIL] * 20)
    assert found.disagreements
    reader = checked(comparison_page(found))
    for part in ("nDCG@10", "Which metric retrieves best", "cosine", "evil.example"):
        assert part in reader.seen


def test_a_comparison_without_labels(docs, crowd):
    found = vdb.compare_metrics(docs, crowd[300:305], metrics=["l2", "ip"])
    reader = checked(comparison_page(found))
    assert "Which metric retrieves best" not in reader.seen


def test_a_comparison_of_collections(db, docs, crowd):
    other = db.create_collection("other", dim=16, metric="l2")
    other.add([f"{EVIL}{i}" for i in range(300)], crowd[300:0:-1], [{"text": EVIL}] * 300)
    queries = crowd[300:310]
    relevant = [{docs.search(q, 1)[0].id: 2, "none": 1} for q in queries]
    report = vdb.compare_collections(
        {EVIL: docs, "other": other},
        {EVIL: queries, "other": queries},
        relevant=relevant,
        texts=[EVIL] * 10,
    )
    reader = checked(collections_page(report))
    for part in ("nDCG@10", "Which retrieves best", "evil.example", "grade 2", "name no record"):
        assert part in reader.seen
    bare = checked(collections_page(vdb.compare_collections([docs, other], [queries] * 2)))
    assert "Which retrieves best" not in bare.seen


@pytest.mark.parametrize("keep", ["count", "precision"])
def test_a_threshold(docs, crowd, keep):
    queries = crowd[300:320] * np.linspace(0.3, 3, 20)[:, None]
    relevant = [[hit.id for hit in docs.search(q, 2)] for q in queries]
    asked = {"relevant": relevant, "texts": [EVIL] * 20, "keep": keep}
    found = vdb.calibrate_threshold(docs, queries, threshold=0.8, to_metric="l2", **asked)
    reader = checked(calibration_page(found))
    for part in ("Let in by l2", "let out", "evil.example", "not relevant"):
        assert part in reader.seen


def test_a_threshold_that_is_converted(docs):
    found = vdb.calibrate_threshold(docs, threshold=0.5, to_metric="cosine", to_scores="lucene")
    reader = checked(calibration_page(found))
    assert "0.75" in reader.seen and "Examples" not in reader.seen


def test_an_inspection(docs):
    reader = checked(inspection_page(docs.inspect()))
    for part in ("300", "Links of a node on level 0", "Generations", "Space"):
        assert part in reader.seen


def test_an_inspection_with_a_generation_that_is_kept(docs):
    docs.rebuild(dtype="float16", keep_previous=True)
    assert "not in use" in checked(inspection_page(docs.inspect())).seen


def test_inspections_of_what_has_no_graph_or_no_records(db, crowd):
    flat = db.create_collection("flat", dim=16, metric="l2", index=vdb.Flat())
    flat.add(range(3), crowd[:3])
    assert "There is none" in checked(inspection_page(flat.inspect())).seen
    empty = db.create_collection("empty", dim=16, metric="ip")
    checked(inspection_page(empty.inspect()))


def test_the_two_schemes_are_there(docs):
    page = inspection_page(docs.inspect())
    assert "prefers-color-scheme: dark" in page
    assert "color-scheme: light dark" in page


NAN = float("nan")


@pytest.mark.parametrize(
    "plot",
    [
        charts.intervals([("a", Interval(0.5, 0.4, 0.6), 0), ("b", Interval(NAN, NAN, NAN), 1)]),
        charts.intervals([("a", Interval(-0.1, -0.2, 0.3), 7)], zero=True),
        charts.intervals([("same", Interval(1.0, 1.0, 1.0), 0)], low=0.0),
        charts.intervals([("zero", Interval(0.0, 0.0, 0.0), 0)], low=0.0),
        charts.matrix(["a", "b"], [[None, 0.5], [NAN, None]], ".0%"),
        charts.bars([0, 3, 10], ["<", "&", "c"]),
        charts.bars([1] * 100, [str(i) for i in range(100)]),
        charts.stack([("a", 1.0, "1"), ("b", 0.0, "0")]),
        charts.box((1.0, 1.0, 1.0, 1.0, 1.0), [("m", 1.0, 0)]),
        charts.box((0.0, 1.0, 2.0, 3.0, 4.0), [("m", 4.0, 0), ("n", 0.0, 1)]),
    ],
)
def test_a_plot_is_sound_xml_without_nan(plot):
    ElementTree.fromstring(plot)
    assert "nan" not in plot
    assert "inf" not in plot


def test_plots_of_nothing_are_empty():
    assert charts.bars([], []) == charts.bars([0], ["x"]) == charts.stack([]) == ""
    assert charts.intervals([("a", Interval(NAN, NAN, NAN), 0)]) == ""


def test_sizes_are_for_people():
    assert [size(n) for n in (0, 1023, 1536, 3 << 20, 5 << 30, 7 << 40)] == [
        *("0 bytes", "1,023 bytes", "1.5 KiB", "3.0 MiB", "5.0 GiB", "7.0 TiB"),
    ]
