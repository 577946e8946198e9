"""Tables for notebooks say what is there, and nothing in them is taken for HTML."""

from html.parser import HTMLParser

import numpy as np
import pytest

import vdb

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; javascript:alert(1)//",
    "</td></table><h1>&amp;&lt;",
    "<style>*{display:none}</style>",
    "<!-- --><iframe src=//x>",
    "\u202e\u2066right to left\x00\x1b[31m",
    "]]>&#60;b>",
]


class Reader(HTMLParser):
    """Tags, attributes and text; every element is closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.open, self.text = set(), set(), [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        assert all("url" not in value and "expression" not in value for _, value in attributes)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(data)


def checked(shown):
    reader = Reader(shown._repr_html_())
    assert reader.tags <= {"div", "strong", "table", "thead", "tbody", "tr", "th", "td", "span"}
    assert reader.attributes == {"style"}
    return reader


def hostile(db):
    docs = db.create_collection(
        "docs",
        dim=4,
        metric="l2",
        fields={"<i>field</i>": "keyword"},
        model="<script>m</script>",
    )
    payloads = [{text: [text, {"<i>field</i>": text}]} for text in HOSTILE]
    docs.add(HOSTILE[:6], np.ones((6, 4)), payloads[:6])
    return docs


def test_no_text_becomes_an_element(tmp_path):
    with vdb.open(tmp_path / "<b>&quot;.vdb") as db:
        docs = hostile(db)
        hits = docs.search(np.ones(4), k=6)
        many = docs.search_many(np.ones((3, 4)), k=2)
        for shown in (hits, many, docs.get(HOSTILE[0]), docs, db):
            assert "<" in checked(shown).text  # the hostile texts are there, as texts
        text = checked(hits).text
        for one in HOSTILE[:6]:
            assert one in text


def test_what_is_shown(db):
    docs = db.create_collection(
        "docs", dim=4, metric="cosine", fields={"n": "int"}, dtype="float16"
    )
    docs.add(range(30), np.eye(4)[np.arange(30) % 4], [{"n": i} for i in range(30)])
    hits = docs.search([1, 0, 0, 0], k=25, with_vectors=True)
    text = checked(hits).text
    assert text.startswith("25 hits, metric cosine, scores native (higher is closer)")
    assert '{"n": 0}' in text and "and 5 more" in text
    assert "n" in checked(docs.search_many(np.eye(4), k=3)).text
    text = checked(docs.get(3)).text
    assert "<float16, 4: 0, 0, 0, ...>" in text and '{"n": 3}' in text
    text = checked(docs).text
    for part in ("Collection docs", "30", "cosine", "float16", "n: int", "HNSW("):
        assert part in text
    text = checked(db).text
    assert "docs" in text and str(db.path) in text
    with db.snapshot() as moment:
        assert "30" in checked(moment.collection("docs")).text


def test_what_is_closed_or_gone_is_shown_too(tmp_path):
    with vdb.open(tmp_path / "a.vdb") as db:
        docs = db.create_collection("docs", dim=4, metric="l2")
        empty = docs.search_many(np.ones((2, 4)), k=3)
        checked(docs.search(np.ones(4), k=3))
        checked(empty)
        checked(db)
        db.drop_collection("docs")
        assert "docs" in checked(docs).text
    assert "closed" in checked(db).text and "closed" in checked(docs).text


def test_many_collections_are_not_all_listed(db):
    with db.batch():
        for i in range(60):
            db.create_collection(f"c{i:02}", dim=2, metric="l2")
    text = checked(db).text
    assert "c49" in text and "c50" not in text and "and more" in text


def test_long_values_are_cut(db):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add([1], [[1, 1]], [{"text": "x" * 100_000}])
    for shown in (docs.get(1), docs.search([1, 1], k=1)):
        assert len(shown._repr_html_()) < 4000


@pytest.mark.parametrize("kind", [vdb.Hit, vdb.Record])
def test_reprs_are_short(kind):
    vector = np.arange(384, dtype=np.float32) / 7
    payload = {"text": "long " * 1000, "list": list(range(1000)), "deep": {"a": {"b": {"c": {}}}}}
    numbers = {"score": 0.5, "value": 0.25} if kind is vdb.Hit else {}
    text = repr(kind(id="a", vector=vector, payload=payload, **numbers))
    assert text.startswith(f"{kind.__name__}(id='a', ")
    assert "<float32, 384: 0, 0.1429, 0.2857, ...>" in text
    assert len(text) < 450 and "\n" not in text
    assert repr(vdb.Hit("a", 0.5, 0.25)) == "Hit(id='a', score=0.5, value=0.25, payload=None)"
    assert "{'b': 1, 'a': 2}" in repr(vdb.Hit("a", 0.5, 0.25, {"b": 1, "a": 2}))
