"""Every kind of store keeps the same promises: a disk, obstore, fsspec, an S3 server."""

from __future__ import annotations

import http.server
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

import vdb
from support.loopback import HAS_LOOPBACK
from vdb.maintenance.repository import fsspec_store, location
from vdb.maintenance.repository.directory_store import DirectoryStore

from .conftest import contents

HAS_OBSTORE = importlib.util.find_spec("obstore") is not None
HAS_FSSPEC = importlib.util.find_spec("fsspec") is not None
HAS_MOTO = HAS_OBSTORE and importlib.util.find_spec("moto") is not None
KEYS = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "not-a-secret"}


@pytest.fixture(scope="module")
def s3():
    """The address of an S3 server on this machine, with a bucket named bucket1."""
    if not HAS_MOTO or not HAS_LOOPBACK:
        pytest.skip("needs moto[server], obstore and the loopback device")
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                request = urllib.request.Request(f"{address}/bucket1", method="PUT")
                urllib.request.urlopen(request, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the server did not start")
        yield address
    finally:
        server.terminate()
        server.wait()


def s3_options(address):
    return {
        **KEYS,
        "endpoint": address,
        "region": "us-east-1",
        "client_options": {"allow_http": True},
    }


@pytest.fixture(params=["directory", "obstore-local", "obstore-memory", "fsspec-local",
                        "fsspec-memory", "obstore-s3", "fsspec-s3"])  # fmt: skip
def place(request, tmp_path):
    """What a user gives for a store: target, and keywords."""
    kind = request.param
    if kind == "directory":
        return f"{(tmp_path / 'backups').as_uri()}", {}
    if kind.startswith("obstore"):
        stores = pytest.importorskip("obstore.store")
        if kind == "obstore-local":
            return stores.LocalStore(tmp_path / "backups", mkdir=True), {"prefix": "a/b"}
        if kind == "obstore-memory":
            return stores.MemoryStore(), {"prefix": "a/b"}
        address = request.getfixturevalue("s3")
        return f"s3://bucket1/{tmp_path.name}", {"storage_options": s3_options(address)}
    fsspec = pytest.importorskip("fsspec")
    if kind == "fsspec-local":
        return fsspec.filesystem("file"), {"prefix": str(tmp_path / "backups")}
    if kind == "fsspec-memory":
        return f"memory://{tmp_path.name}/backups", {}
    pytest.importorskip("s3fs")
    files = fsspec.filesystem(
        "s3",
        key="AKIAEXAMPLE",
        secret="not-a-secret",
        client_kwargs={"endpoint_url": request.getfixturevalue("s3"), "region_name": "us-east-1"},
    )
    return files, {"prefix": f"bucket1/fsspec-{tmp_path.name}"}


@pytest.fixture
def store(place):
    target, keywords = place
    options = keywords.get("storage_options", {})
    return location.object_store(target, keywords.get("prefix", ""), options)


def test_objects_come_back(store):
    assert list(store.entries("chunks/")) == []
    assert store.get("chunks/aa/one", 100) is None
    store.put("chunks/aa/one", b"1" * 10)
    store.put("chunks/bb/two", b"22")
    store.put("manifests/three.json", b"333")
    store.put("chunks/bb/two", b"2222")
    assert store.get("chunks/aa/one", 10) == b"1" * 10
    assert store.get("chunks/bb/two", 100) == b"2222"
    with pytest.raises(vdb.CorruptedError, match="chunks/aa/one"):
        store.get("chunks/aa/one", 9)
    entries = {entry.name: entry for entry in store.entries("chunks/")}
    assert {name: entry.size for name, entry in entries.items()} == {
        "chunks/aa/one": 10,
        "chunks/bb/two": 4,
    }
    for entry in entries.values():
        assert abs(entry.modified - time.time()) < 600
    store.delete(["chunks/aa/one", "chunks/none", "chunks/bb/two"])
    assert list(store.entries("chunks/")) == []
    assert store.get("manifests/three.json", 3) == b"333"
    store.tidy()


def test_an_object_is_created_once(store):
    assert store.create("manifests/one.json", b"first")
    assert not store.create("manifests/one.json", b"second")
    assert store.get("manifests/one.json", 100) == b"first"


def test_a_large_object_comes_back(store):
    content = os.urandom(9 << 20)
    store.put("chunks/aa/large", content)
    assert store.get("chunks/aa/large", len(content)) == content


def test_a_backup_goes_there_and_comes_back(place, filled, tmp_path):
    target, keywords = place
    first = filled.backup(target, verify=True, **keywords)
    filled.collection("docs").delete([0])
    second = filled.backup(target, keep=5, **keywords)
    assert second.reused > 0
    assert [info.name for info in vdb.backups(target, **keywords)] == [second.name, first.name]
    for report, count in ((first, 500), (second, 499)):
        back = tmp_path / report.name
        assert vdb.restore(target, back, at=report.name, **keywords).commit == report.commit
        with vdb.open(back, verify="full") as db:
            assert len(db.collection("docs")) == count
            assert list(db.check()) == []
    vdb.restore(target, tmp_path / "newest", **keywords)
    with vdb.open(tmp_path / "newest") as db:
        assert contents(db) == contents(filled)
    assert vdb.prune_backups(target, keep=1, grace=0, **keywords).removed == (first.name,)
    assert [info.name for info in vdb.backups(target, **keywords)] == [second.name]


def test_where_there_are_none_it_is_said(place, tmp_path):
    target, keywords = place
    for call in (
        lambda: vdb.backups(target, **keywords),
        lambda: vdb.restore(target, tmp_path / "back", **keywords),
        lambda: vdb.prune_backups(target, keep=1, **keywords),
    ):
        with pytest.raises(vdb.NotFoundError, match="no backups"):
            call()
    assert not (tmp_path / "back").exists()


# A directory


def test_a_half_written_file_is_no_object(tmp_path):
    store = DirectoryStore(tmp_path)
    store.put("chunks/aa/one", b"1")
    (tmp_path / "chunks/aa/.part-left").write_bytes(b"half")
    assert [entry.name for entry in store.entries("chunks/")] == ["chunks/aa/one"]
    store.tidy()
    assert (tmp_path / "chunks/aa/.part-left").exists()  # another process may be writing it
    os.utime(tmp_path / "chunks/aa/.part-left", (0, 0))
    store.tidy()
    assert not (tmp_path / "chunks/aa/.part-left").exists()
    assert (tmp_path / "chunks/aa/one").exists()


@pytest.mark.skipif(os.name == "nt", reason="modes are another thing there")
def test_a_directory_of_backups_is_readable_by_its_owner_only(tmp_path):
    DirectoryStore(tmp_path / "deep" / "er").put("chunks/aa/one", b"1")
    for path in (tmp_path / "deep").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_not_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(vdb.ReadOnlyError, match=str(tmp_path)):
            DirectoryStore(tmp_path).put("chunks/aa/one", b"1")
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_way_is_an_error_that_names_it(tmp_path):
    (tmp_path / "chunks").write_bytes(b"")
    store = DirectoryStore(tmp_path)
    for call in (lambda: store.put("chunks/aa/one", b""), lambda: store.create("chunks/a", b"")):
        with pytest.raises(vdb.DiskError, match="chunks"):
            call()


def test_a_file_system_without_links_has_create_too(tmp_path, monkeypatch):
    def link(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    store = DirectoryStore(tmp_path)
    assert store.create("manifests/a", b"1")
    assert not store.create("manifests/a", b"2")
    assert store.get("manifests/a", 1) == b"1"


# A server that fails


@pytest.mark.skipif(not HAS_OBSTORE, reason="needs obstore")
def test_a_server_that_is_not_there_is_one_typed_error(filled, tmp_path):
    from datetime import timedelta

    from obstore.store import S3Store

    store = S3Store(
        "bucket1",
        endpoint="http://127.0.0.1:9",
        region="us-east-1",
        retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=1)},
        client_options={"allow_http": True, "timeout": "2s"},
        **KEYS,
    )
    for call in (
        lambda: filled.backup(store),
        lambda: vdb.backups(store),
        lambda: vdb.restore(store, tmp_path / "back"),
    ):
        with pytest.raises(vdb.RemoteError) as raised:
            call()
        text = str(raised.value)
        assert isinstance(raised.value, OSError)
        assert "127.0.0.1:9" in text and "repository.json" in text
        assert "\n" not in text and KEYS["secret_access_key"] not in text
    assert not (tmp_path / "back").exists()


def test_a_bucket_that_is_not_there_is_named(s3, filled, tmp_path):
    options = s3_options(s3)
    with pytest.raises(vdb.RemoteError, match=r"s3://nobucket/docs.*(NoSuchBucket|not found)"):
        filled.backup("s3://nobucket/docs", storage_options=options)


def test_s3_takes_its_credentials_from_the_environment(s3, filled, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    report = filled.backup(f"s3://bucket1/{tmp_path.name}", verify=True)
    assert report.target == f"s3://bucket1/{tmp_path.name}"
    vdb.restore(f"s3://bucket1/{tmp_path.name}", tmp_path / "back")
    with vdb.open(tmp_path / "back") as db:
        assert contents(db) == contents(filled)


def test_a_deletion_of_more_than_one_request_deletes_all(s3):
    store = location.object_store("s3://bucket1/many", "", s3_options(s3))
    for number in range(7):
        store.put(f"chunks/aa/{number}", b"")
    import vdb.maintenance.repository.obstore_store as module

    module._DELETED_AT_ONCE, before = 3, module._DELETED_AT_ONCE
    try:
        store.delete(f"chunks/aa/{number}" for number in range(9))
    finally:
        module._DELETED_AT_ONCE = before
    assert list(store.entries("chunks/")) == []


def test_a_file_system_that_does_not_say_when_keeps_its_chunks():
    class Timeless(dict):
        protocol = "odd"

        def find(self, _path, *, detail):
            assert detail
            return {"root/chunks/aa/x": {"size": 3}}

        def invalidate_cache(self):
            pass

        def modified(self, _path):
            raise NotImplementedError

    (entry,) = fsspec_store.FsspecStore(Timeless(), "root").entries("chunks/")
    assert (entry.name, entry.size, entry.modified) == ("chunks/aa/x", 3, None)


@pytest.mark.skipif(not HAS_OBSTORE or os.name == "nt", reason="needs obstore and signals")
@pytest.mark.skipif(not HAS_LOOPBACK, reason="a network of its own, without the loopback device")
@pytest.mark.parametrize("hanging", ["repository.json", "list-type", "chunks/"])
def test_an_interrupt_ends_a_backup_to_a_server_that_hangs(filled, hanging):
    """The library gives a request thirty seconds, and heeds no signal meanwhile."""
    reached = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, body=b""):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if hanging in self.path:
                reached.set()
                time.sleep(60)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"x"')
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self):
            self.answer()

        def do_GET(self):
            text = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
            self.answer(text.encode())

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = filled.path
    filled.close()
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": KEYS["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["secret_access_key"],
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "vdb", "backup", place, "s3://bucket1/x"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert reached.wait(60)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=20)
        assert time.monotonic() - began < 15
        assert process.returncode == 130
        assert "there is no backup" in complaint
    finally:
        process.kill()
        server.shutdown()
        server.server_close()


def test_a_file_of_fsspec_is_not_put_where_the_backup_failed(s3, filled, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("s3fs")
    options = {
        "key": KEYS["access_key_id"],
        "secret": KEYS["secret_access_key"],
        "client_kwargs": {"endpoint_url": s3, "region_name": "us-east-1"},
    }
    target = fsspec.open(f"s3://bucket1/{tmp_path.name}/backup", "wb", **options)

    def fail(_step, _done, _total):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        filled.backup(target, progress=fail)
    files = fsspec.filesystem("s3", **options)
    files.invalidate_cache()
    assert not files.exists(f"bucket1/{tmp_path.name}/backup")
    filled.backup(target)
    vdb.restore(
        fsspec.open(f"s3://bucket1/{tmp_path.name}/backup", "rb", **options), tmp_path / "back"
    )
    with vdb.open(tmp_path / "back") as db:
        assert contents(db) == contents(filled)
