"""Text fields: the check finds what is wrong with them, and a repair brings their words back."""

import contextlib

import lmdb
import numpy as np
import pytest

import vdb
from support.searched_texts import assert_searches
from vdb.lexical import analyzer
from vdb.store.format.checksums import Seal
from vdb.store.format.keys import KeyKind

TEXTS = {i: f"word{i % 5} of text {'abcdefgh'[i % 8]}" for i in range(60)}
QUERIES = ["word1", "text a", "of", "word3 h"]


def fill(db, text=None, texts=None, name="docs"):
    docs = db.create_collection(
        name, dim=2, metric="l2", index=vdb.Flat(), fields={"text": text or vdb.Text()}
    )
    for part in range(0, 60, 20):
        some = {key: (texts or TEXTS)[key] for key in range(part, part + 20)}
        docs.add(list(some), np.ones((20, 2)), [{"text": one} for one in some.values()])
    docs.delete([1, 2])
    return docs


def left():
    return {key: text for key, text in TEXTS.items() if key not in (1, 2)}


def rewrite(path, change):
    """Change the stored values as LMDB has them; `change` gets a transaction and the seal."""
    with vdb.open(path) as db:
        uuid = bytes.fromhex(db.info().uuid)
    with lmdb.open(str(path), lock=False, map_size=1 << 26) as env, env.begin(write=True) as txn:
        change(txn, Seal(uuid))


def keys_of(txn, kind):
    with txn.cursor() as cursor:
        return [bytes(key) for key, _ in cursor if key[0] == kind]


def spoil(kind, at=-1):
    def change(txn, seal):
        key = keys_of(txn, kind)[0]
        value = bytearray(txn.get(key))
        value[at] ^= 0x40
        txn.put(key, bytes(value))

    return change


def remove(kind):
    def change(txn, seal):
        txn.delete(keys_of(txn, kind)[0])

    return change


def misplaced(kind):
    """A sealed value under a key that belongs to no segment."""

    def change(txn, seal):
        key = keys_of(txn, kind)[0]
        other = key[:-8] + (99).to_bytes(4, "big") + key[-4:]
        txn.put(other, seal.wrap(other, txn.get(key)[4:]))

    return change


DAMAGES = {
    "a flipped bit in a segment": spoil(KeyKind.SEGMENT),
    "a flipped bit in its first bytes": spoil(KeyKind.SEGMENT, 6),
    "a flipped bit in the header": spoil(KeyKind.TEXT),
    "a flipped bit in deleted documents": spoil(KeyKind.DELETED),
    "a missing segment": remove(KeyKind.SEGMENT),
    "a missing header": remove(KeyKind.TEXT),
    "missing deleted documents": remove(KeyKind.DELETED),
    "a segment too many": misplaced(KeyKind.SEGMENT),
    "a chunk too many": misplaced(KeyKind.DELETED),
}


@pytest.mark.damages
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("stored", [True, False])
def test_damage_is_found_and_repaired(path, damage, stored):
    with vdb.open(path) as db:
        fill(db, vdb.Text(stored=stored))
        assert not db.check()
    rewrite(path, DAMAGES[damage])
    with vdb.open(path) as db:
        assert any("text" in str(p) or "4" in p.where for p in db.check())
        with contextlib.suppress(vdb.CorruptedError):
            db["docs"].search_text("word1", 100)  # an error, or an answer; never a crash
        report = db.repair()
        assert not db.check()
        assert len(db["docs"]) == 58
        if stored or "too many" in damage:
            assert_searches(db["docs"], left(), QUERIES)
        else:  # the words of what could be read are there, and the report says that some are not
            found = set(db["docs"].search_text("of", 100).ids.tolist())
            assert found <= set(left())
            assert any("text field text" in note for note in report.collections[0].notes)


@pytest.mark.damages
def test_words_of_ones_own_analyzer_come_from_the_segments(path):
    halves = analyzer(lambda text: text.split(" "), name="halves", version="1")
    with vdb.open(path) as db:
        fill(db, vdb.Text(halves, stored=False))
        fill(db, vdb.Text(halves), name="kept")
    rewrite(path, spoil(KeyKind.ID))
    with vdb.open(path) as db:
        assert db.check()
        db.repair()
        assert not db.check()
    with vdb.open(path, analyzers=halves) as db:
        for name in ("docs", "kept"):
            assert_searches(db[name], left(), QUERIES)


def test_words_that_are_not_those_of_the_text_are_found(path):
    with vdb.open(path) as db:
        docs = fill(db)
        docs.drop_field("text")
        docs.index_field("text", vdb.Text("whitespace"))
        docs.update_payloads(5, {"text": "Other  words"})
        assert not db.check()
    with vdb.open(path) as db, db.batch():
        from vdb.index.text import text_writer
        from vdb.index.text.text_fields import declared

        batch = db._access._own_entry()[0]
        coll = batch.collection("docs")
        (field,) = declared(coll.header)
        slot = batch.slot_of(coll, 7)
        text_writer.follow_field(batch, coll, field, [slot], [["nobody", "said", "this"]])
    with vdb.open(path) as db:
        (problem,) = db.check()
        assert f"slot {slot}: its words are not those of its text" in str(problem)
        db["docs"].update_payloads(7, {"text": "sound again"})
        assert not db.check()


@pytest.mark.parametrize("way", ["backup", "compact", "url"])
def test_copies_have_the_words(tmp_path, path, way):
    with vdb.open(path) as db:
        fill(db, vdb.Text(stored=False))
        if way == "compact":
            db.compact()
            place = path
        elif way == "backup":
            place = tmp_path / "copy.vdb"
            db.backup(place, verify=True)
        else:
            db.backup((tmp_path / "backups").as_uri())
            place = tmp_path / "restored.vdb"
            vdb.restore((tmp_path / "backups").as_uri(), place)
        if way == "compact":
            assert_searches(db["docs"], left(), QUERIES)
    with vdb.open(place) as db:
        assert_searches(db["docs"], left(), QUERIES)
        assert not db.check()


def test_another_metric_leaves_words_alone(path):
    with vdb.open(path) as db:
        docs = fill(db)
        docs.rebuild(metric="cosine", index=vdb.HNSW(M=4))
        assert_searches(docs, left(), QUERIES)


@pytest.mark.parametrize("ending", ["npy", "parquet"])
def test_an_export_comes_back_with_its_text_fields(tmp_path, path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    with vdb.open(path) as db:
        docs = fill(db, vdb.Text("whitespace", positions=False))
        docs.export(tmp_path / f"docs.{ending}")
        db.import_source(tmp_path / f"docs.{ending}", "again")
        again = db["again"]
        info = again.info().text_fields["text"]
        assert (info.analyzer, info.stored, info.positions) == ("whitespace", True, False)
        assert_searches(again, left(), QUERIES)
