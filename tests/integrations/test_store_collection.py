"""What adapters share: opening a collection late, filters of users, errors without a host."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading

import pytest

import vdb
from vdb.integrations.metadata_filters import fields_under, filter_under
from vdb.integrations.missing_host import missing_host
from vdb.integrations.store_collection import StoreCollection
from vdb.integrations.store_threads import StoreThreads


def test_importing_vdb_imports_no_adapter_and_the_package_no_host():
    code = (
        "import sys, vdb; before = set(sys.modules); "
        "assert not any(name.startswith('vdb.integrations') for name in before); "
        "import vdb.integrations; "
        "assert set(sys.modules) - before == {'vdb.integrations'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_opened_before_it_is_needed(path):
    store = StoreCollection(path, "docs")
    assert not path.exists()
    store.collection.add("tea", [1.0, 0.0])
    assert store.collection.dim == 2
    store.close()


def test_what_is_there_is_taken_as_it_is(path):
    with vdb.open(path) as db:
        db.create_collection("docs", dim=2, metric="l2", fields={"year": "int"})
    store = StoreCollection(path, "docs")
    assert store.collection.metric == "l2"
    store.close()


def test_another_schema_than_was_asked_for_is_refused(path):
    with vdb.open(path) as db:
        db.create_collection("docs", dim=2, metric="l2")
    store = StoreCollection(path, "docs", metric="cosine")
    with pytest.raises(vdb.MetricMismatchError):
        _ = store.collection
    store.close()
    store = StoreCollection(path, "docs", dtype="float16")
    with pytest.raises(vdb.InvalidArgumentError, match="float16"):
        _ = store.collection
    store.close()


def test_a_database_of_the_caller_stays_open_and_may_be_read_only(path):
    with vdb.open(path) as db:
        store = StoreCollection(db, "docs")
        store.collection.add("tea", [1.0, 0.0])
        store.close()
        assert len(db["docs"]) == 1
        with pytest.raises(vdb.ClosedError):
            _ = store.collection
    with vdb.open(path, read_only=True) as db:
        assert len(StoreCollection(db, "docs").collection) == 1
        with pytest.raises(vdb.ReadOnlyError):
            _ = StoreCollection(db, "other").collection


def test_without_a_place_the_database_goes_with_the_store():
    store = StoreCollection(None, "docs")
    store.collection.add("tea", [1.0, 0.0])
    place = store.database.path
    assert place.exists()
    store.close()
    assert not place.exists()


def test_a_new_collection_has_codes_where_it_can_have_them_and_no_other_is_changed(db):
    assert StoreCollection(db, "docs").collection.index == vdb.HNSW(
        codes="int8", indexing_threshold=10_000
    )
    assert StoreCollection(db, "far", metric="l1").collection.index == vdb.HNSW()
    db.create_collection("plain", dim=2, metric="l2")
    assert StoreCollection(db, "plain").collection.index == vdb.HNSW()
    flat = StoreCollection(db, "flat", index=vdb.Flat())
    assert flat.collection.index == vdb.Flat()
    assert StoreCollection(db, "flat").collection.index == vdb.Flat()
    with pytest.raises(vdb.InvalidArgumentError, match="index"):
        _ = StoreCollection(db, "flat", index=vdb.HNSW()).collection


def test_a_collection_that_is_made_anew_takes_vectors_of_another_dimension(path):
    store = StoreCollection(path, "docs", metric="l2")
    store.recreate()
    store.collection.add("tea", [1.0, 0.0])
    store.recreate()
    assert (len(store.collection), store.collection.metric) == (0, "l2")
    store.collection.add("tea", [1.0, 0.0, 0.0])
    assert list(store.database.check()) == []
    store.close()


def test_many_threads_open_one_collection(path):
    store = StoreCollection(path, "docs")
    start, collections = threading.Barrier(8), []

    def use():
        start.wait()
        collections.append(store.collection)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in collections}) == 1
    store.close()


def test_filters_and_fields_of_users_are_moved_below_a_field():
    assert filter_under(None, "metadata") is None
    assert filter_under({}, "metadata") is None
    plain = filter_under({"year": 2024, "tag": "x", "$id": {"$in": ["a"]}}, "metadata").to_dict()
    assert "metadata.year" in str(plain) and "metadata.tag" in str(plain)
    assert "metadata.$id" not in str(plain)
    assert filter_under(vdb.F.year > 1, "meta").to_dict() == {"meta.year": {"$gt": 1}}
    with pytest.raises(vdb.InvalidFilterError):
        filter_under({"year": {"$near": 1}}, "metadata")
    assert fields_under({"a.b": "int"}, "metadata") == {"metadata.a.b": "int"}
    assert fields_under(None, "metadata") == {}


def test_a_missing_host_is_told_with_its_extra_and_other_errors_stay():
    absent = ModuleNotFoundError("No module named 'host'", name="host")
    old = ModuleNotFoundError("No module named 'host.part'", name="host.part")
    for error in (absent, old):
        told = missing_host(error, "host", "extra")
        assert 'pip install "vdb[extra]"' in str(told) and told.name == error.name
    inside = ModuleNotFoundError("No module named 'other'", name="other")
    assert missing_host(inside, "host", "extra") is inside


@pytest.mark.parametrize(
    ("host", "module"),
    [
        ("langchain_core", "langchain"),
        ("llama_index", "llama_index"),
        ("sklearn", "sklearn"),
        ("haystack", "haystack"),
    ],
)
def test_an_adapter_without_its_host_says_what_to_install(host, module):
    pytest.importorskip(f"vdb.integrations.{module}", reason="written later, or not installed")
    code = (
        f"import sys; sys.modules[{host!r}] = None\n"
        f"try: import vdb.integrations.{module}\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert 'pip install "vdb[' in out


def test_calls_run_off_the_loop_in_the_context_of_their_task_and_writes_one_by_one():
    word = contextvars.ContextVar("word", default="none")
    running, most = 0, 0

    def write():
        nonlocal running, most
        running += 1
        most = max(most, running)
        running -= 1
        return threading.current_thread() is threading.main_thread(), word.get()

    async def main():
        word.set("task")
        threads = StoreThreads()
        results = await asyncio.gather(*(threads.write(write) for _ in range(20)))
        assert set(results) == {(False, "task")}
        assert await threads.read(write) == (False, "task")
        with pytest.raises(ZeroDivisionError):
            await threads.read(lambda: 1 / 0)
        threads.close()
        assert await threads.read(lambda: 5) == 5  # it starts again
        threads.close()

    asyncio.run(main())
    assert most == 1
