"""The server of the page: its token, its hosts, its headers; and that it reads only."""

import re

import pytest

import vdb
from support.asgi_client import AsgiClient

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from vdb.explorer.server import application

TOKEN = "token-of-the-test"
HERE = {"host": "127.0.0.1:80"}


@pytest.fixture
def client():
    with vdb.temporary() as db:
        db.create_collection("docs", dim=2, metric="l2").add(
            ["<b>"], [[1, 2]], [{"a": "</script>"}]
        )
        yield AsgiClient(application(db, TOKEN), HERE)


@pytest.mark.parametrize("path", ["", "page.js", "page.css"])
def test_the_page_has_nothing_from_elsewhere_and_may_run_its_own_script_only(client, path):
    made = client.get(f"/{TOKEN}/{path}")
    assert made.status_code == 200
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", made.text)
    policy = made.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert made.headers["referrer-policy"] == "no-referrer"
    assert made.headers["cache-control"] == "no-store"


def test_texts_become_text_nodes():
    """No way of putting HTML into the page is used."""
    from pathlib import Path

    script = (Path(vdb.__file__).parent / "explorer" / "page" / "page.js").read_text("utf-8")
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert word not in script
    page = (Path(vdb.__file__).parent / "explorer" / "page" / "index.html").read_text("utf-8")
    assert not re.search(r"\son\w+=|<script(?! type=\"module\" src)|style=", page)


@pytest.mark.parametrize("path", ["/", "/page.js", "/other/", "/answer/overview", f"/{TOKEN}x/"])
def test_nothing_is_there_without_the_token(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path).status_code in (404, 405)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost:80", "127.0.0.1:65535"])
def test_port_80_has_no_number_in_the_name_of_the_host(client, host):
    assert client.post(f"/{TOKEN}/answer/overview", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1:80:80"},
        {"host": "127.0.0.1:"},
        {"host": "evil.example:80"},
        {"host": "127.0.0.1.evil.example:80"},
        {"host": ""},
        {**HERE, "sec-fetch-site": "cross-site"},
        {**HERE, "sec-fetch-site": "same-site"},
    ],
)
def test_requests_of_other_sites_are_refused(client, headers):
    assert client.post(f"/{TOKEN}/answer/overview", headers=headers).status_code == 403


def test_answers_are_json_and_errors_have_words(client):
    made = client.post(f"/{TOKEN}/answer/overview")
    assert made.headers["content-type"] == "application/json"
    assert [one["name"] for one in made.json()["collections"]] == ["docs"]
    for name, body, status, text in (
        ("records", b"{", 400, "JSON object"),
        ("records", b"[]", 400, "JSON object"),
        ("records", b"[" * 100_000, 400, "JSON object"),
        ("records", b" " * (5 << 20), 400, "at most 4 MiB"),
        ("neighbors", b'{"like": "no", "sides": [{}]}', 404, "no record"),
        ("neighbors", b'{"like": "<b>", "sides": [{}], "k": 1e3}', 400, "k"),
        ("neighbors", b'{"like": "<b>", "sides": [1]}', 400, "sides must be an object"),
        ("neighbors", b'{"like": "<b>", "sides": [null]}', 400, "sides must be an object"),
        ("histogram", b'{"like": "<b>", "side": [1]}', 400, "side must be an object"),
        ("neighbors", b'{"vector": [{}, 1], "sides": [{}]}', 400, "vector must be a list of"),
        ("neighbors", b'{"vector": ["1", true], "sides": [{}]}', 400, "vector must be a list of"),
        ("neighbors", b'{"vector": [1' + b"0" * 400 + b', 1], "sides": [{}]}', 400, "vector"),
        ("neighbors", b'{"like": "<b>", "sides": [{}], "where": "{"}', 400, "where is no JSON"),
    ):
        made = client.post(f"/{TOKEN}/answer/{name}?collection=docs", content=body)
        assert made.status_code == status and text in made.json()["error"], made.text
    made = client.post(f"/{TOKEN}/answer/records?collection=other", content=b"{}")
    assert made.status_code == 404
    assert client.get(f"/{TOKEN}/answer/overview").status_code == 405
