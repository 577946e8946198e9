"""What a user may name as the place of backups, and what is said where it cannot be one."""

from __future__ import annotations

import importlib.util
import io

import pytest

import vdb
from vdb.maintenance.repository import location
from vdb.maintenance.repository.redaction import error_text, redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("s3://key:secret@bucket/prefix", "s3://***@bucket/prefix"),
        ("sftp://user:p@ss@host:22/path", "sftp://***@host:22/path"),
        ("sftp://token@host/path", "sftp://***@host/path"),
        ("abfs://container@account.dfs.core.windows.net/x", None),
        ("abfs://container:word@account/x", "abfs://***@account/x"),
        ("az://c/p?sv=1&sig=abc", "az://c/p?***"),
        ("see HTTPS://u:p@h/x?sig=1 (twice)", "see HTTPS://***@h/x?*** (twice)"),
        ("/a/path@with?signs", None),
    ],
)
def test_credentials_are_taken_out(text, expected):
    assert redacted(text) == (expected or text)


def test_the_error_of_a_library_is_one_short_line_without_secrets():
    error = ValueError(
        "PUT https://h/x?X-Amz-Signature=abc failed\n <b>for hunter22</b>" + "x" * 999
    )
    text = error_text(error, {"secret_access_key": "hunter22", "region": "x"})
    assert "abc" not in text and "hunter22" not in text and "\n" not in text
    assert len(text) <= 300
    assert error_text(ValueError(""), {}) == "ValueError"


REFUSED = [
    ("s3://key:hunter22@bucket/x", "credentials"),
    ("s3://bucket/x?secret=hunter22", "credentials"),
    ("file://relative/x", "absolute"),
    ("nosuchscheme://x/hunter", "nosuchscheme"),
]


@pytest.mark.parametrize(("url", "match"), REFUSED)
def test_a_url_that_cannot_be_used_is_refused_without_its_secrets(path, url, match):
    with vdb.open(path) as db, pytest.raises(vdb.InvalidArgumentError, match=match) as raised:
        db.backup(url)
    assert "hunter22" not in str(raised.value)
    assert "hunter22" not in repr(raised.value.received)
    for call in (vdb.backups, lambda one: vdb.restore(one, path)):
        with pytest.raises(vdb.InvalidArgumentError):
            call(url)


def test_a_library_that_is_missing_is_named_with_what_installs_it(path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with vdb.open(path) as db:
        with pytest.raises(vdb.InvalidArgumentError, match=r"pip install 'vdb\[remote\]'"):
            db.backup("s3://bucket/x")
        with pytest.raises(vdb.InvalidArgumentError, match="fsspec"):
            db.backup("sftp://host/x")
        db.backup(f"{path.parent.as_uri()}/backups")  # which needs neither


def test_arguments_that_do_not_go_together_are_refused(path, tmp_path):
    refused = [
        (tmp_path / "new", {"keep": 1}, "keep"),
        (tmp_path / "new", {"prefix": "x"}, "prefix"),
        (tmp_path / "new", {"storage_options": {"a": 1}}, "storage_options"),
        (io.BytesIO(), {"keep": 2}, "keep"),
        (f"file://{tmp_path}/b", {"keep": 0}, "keep"),
        (f"file://{tmp_path}/b", {"storage_options": {"a": 1}}, "storage_options"),
    ]
    with vdb.open(path) as db:
        for target, keywords, match in refused:
            with pytest.raises(vdb.InvalidArgumentError, match=match):
                db.backup(target, **keywords)
        for target, keywords in (
            (5, {}),
            (None, {}),
            (io.StringIO(), {}),
            (tmp_path / "new", {"verify": 1}),
            (f"file://{tmp_path}/b", {"keep": "two"}),
            (f"file://{tmp_path}/b", {"storage_options": 5}),
            (f"file://{tmp_path}/b", {"prefix": 5}),
            (f"file://{tmp_path}/b", {"progress": 5}),
        ):
            with pytest.raises(vdb.ArgumentTypeError):
                db.backup(target, **keywords)
    assert not (tmp_path / "new").exists() and not (tmp_path / "b").exists()
    with pytest.raises(vdb.InvalidArgumentError, match="at"):
        vdb.restore(path, tmp_path / "back", at="20261130T095300Z-0001")
    with pytest.raises(vdb.InvalidArgumentError, match="URL"):
        vdb.backups(path)
    with pytest.raises(vdb.ArgumentTypeError):
        vdb.restore(5, tmp_path / "back")


def test_the_name_of_a_backup_is_checked(path, tmp_path):
    url = (tmp_path / "backups").as_uri()
    with vdb.open(path) as db:
        db.backup(url)
    with pytest.raises(vdb.InvalidArgumentError, match="20261130T095300Z-0001"):
        vdb.restore(url, tmp_path / "back", at="../../x")
    with pytest.raises(vdb.NotFoundError, match="20200101T000000Z-0001"):
        vdb.restore(url, tmp_path / "back", at="20200101T000000Z-0001")
    with pytest.raises(vdb.InvalidArgumentError, match="grace"):
        vdb.prune_backups(url, keep=1, grace=-1)


def test_a_prefix_is_a_part_of_the_url(path, tmp_path):
    with vdb.open(path) as db:
        report = db.backup(tmp_path.as_uri(), prefix="/a/b/")
    assert report.target.endswith("/a/b")
    assert (tmp_path / "a" / "b" / "repository.json").exists()
    assert len(vdb.backups(f"{tmp_path.as_uri()}/a/b")) == 1


def test_nothing_is_imported_before_it_is_used():
    import subprocess
    import sys

    code = """
import sys, tempfile, vdb
with tempfile.TemporaryDirectory() as place:
    with vdb.open(place + "/a.vdb") as db:
        db.backup("file://" + place + "/b")
    vdb.restore("file://" + place + "/b", place + "/c.vdb")
assert not {"obstore", "fsspec"} & set(sys.modules), "imported"
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert location.is_url("s3://x") and not location.is_url("C:/x") and not location.is_url("a/b")
