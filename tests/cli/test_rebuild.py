"""`vdb rebuild`: what it prints, what it refuses, and where it can be stopped."""

import json

import numpy as np
import pytest

import vdb
from vdb.api import database
from vdb.maintenance.rebuild import run as rebuild_run
from vdb.store import Environment


def test_another_metric(run, filled):
    done = run("rebuild", filled, "notes", "--metric", "ip", "--reason", "norms matter")
    assert done.status == 0 and done.err == ""
    assert done.out.startswith(
        "notes: generation 2 is in use (cosine -> ip, float32, hnsw), 30 records"
    )
    shown = run("info", filled, "notes", "--json").json
    assert (shown["metric"], shown["generation"]) == ("ip", 2)
    assert shown["history"][1]["reason"] == "norms matter"
    assert shown["rebuilding"] is None and shown["previous"] is None


def test_parameters_that_are_not_given_stay(run, filled):
    run("rebuild", filled, "notes", "--M", "8", "--seed", "3")
    shown = run("rebuild", filled, "notes", "--ef-construction", "50", "--json").json
    assert shown["index"] == {
        "type": "hnsw", "M": 8, "ef_construction": 50, "codes": None, "seed": 3,
        "indexing_threshold": 0,
    }  # fmt: skip
    assert run("rebuild", filled, "notes", "--flat", "--json").json["index"] == {"type": "flat"}
    assert run("rebuild", filled, "notes", "--M", "5", "--json").json["index"]["M"] == 5


def test_the_command_that_an_error_names_does_it(run, filled):
    with database.open(filled) as db, pytest.raises(vdb.MetricMismatchError) as raised:
        db.collection("notes", metric="l2")
    command = str(raised.value).split("vdb rebuild ")[1].split(" (")[0]
    assert run("rebuild", *command.split()).status == 0
    with database.open(filled) as db:
        assert db.collection("notes", metric="l2").metric == "l2"


def test_another_dtype(run, filled):
    done = run("rebuild", filled, "notes", "--dtype", "float16", "--keep-previous")
    assert "generation 2 is in use (cosine, float32 -> float16, hnsw)" in done.out
    shown = run("info", filled, "notes", "--json").json
    assert (shown["dtype"], shown["previous"]["dtype"]) == ("float16", "float32")
    assert [line["dtype"] for line in shown["history"]] == ["float32", "float16"]
    assert run("rebuild", filled, "notes", "--rollback", "--json").json["dtype"] == "float32"
    assert run("rebuild", filled, "notes", "--dtype", "bit").failed_with("give --metric too")
    assert run("rebuild", filled, "notes", "--dtype", "int8").failed_with(
        "cannot become int8", "must hold integers"
    )
    assert run("rebuild", filled, "notes", "--rollback", "--dtype", "int8").failed_with(
        "--rollback"
    )


def test_a_dry_run_changes_nothing(run, untouched):
    done = run("rebuild", untouched, "notes", "--metric", "ip", "--M", "8", "--dry-run")
    assert done.status == 0
    for part in ("nothing was changed", "to metric", "ip", "records", "30", "seconds"):
        assert part in done.out
    plan = run("rebuild", untouched, "notes", "--metric", "ip", "--dry-run", "--json").json
    assert (plan["metric"], plan["to_metric"], plan["refused"]) == ("cosine", "ip", 0)


def test_the_same_can_be_built_anew(run, filled):
    done = run("rebuild", filled, "notes", "--anew", "--json").json
    assert (done["metric"], done["generation"], done["records"]) == ("cosine", 2, 30)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--metric", "dot"], ["30 vectors have no place", "has length", "needs length 1"]),
        (["--dtype", "int8"], ["must hold integers", "give --codes int8 in place of --dtype int8"]),
        (["--dtype", "bit", "--metric", "hamming"], ["'hamming'", "0 or 1"]),
    ],
)
def test_a_dry_run_of_what_cannot_be_done_says_why_and_fails(run, untouched, options, why):
    command = ("rebuild", untouched, "notes", *options)
    assert run(*command, "--dry-run").failed_with("cannot be done: ", *why)
    shown = run(*command, "--dry-run", "--json")
    assert (shown.status, shown.json["feasible"], shown.json["refused"]) == (1, False, 30)
    assert len(shown.json["obstacles"]) == 1
    assert run(*command).failed_with(*why, "nothing was changed")


def test_a_dry_run_on_a_disk_that_is_too_small_says_so(run, untouched, monkeypatch):
    monkeypatch.setattr(Environment, "room", lambda _: 1000)
    ran = run("rebuild", untouched, "notes", "--metric", "ip", "--dry-run")
    assert ran.failed_with("cannot be done: the rebuild wants", "1,000 are")


def test_back_and_forth(run, filled):
    kept = run("rebuild", filled, "notes", "--metric", "ip", "--keep-previous")
    assert kept.out.rstrip().endswith("generation 1 is kept")
    info = run("info", filled, "notes").out
    assert "kept: generation 1 (cosine, float32, hnsw), 0 changes behind" in info
    assert f"vdb rebuild {filled} notes --rollback" in info
    back = run("rebuild", filled, "notes", "--rollback", "--reason", "worse", "--json").json
    assert (back["metric"], back["generation"], back["previous_kept"]) == ("cosine", 1, True)
    assert run("rebuild", filled, "notes", "--drop-previous").out == (
        "notes: removed the generation kept to go back to\n"
    )
    assert run("rebuild", filled, "notes", "--rollback").failed_with(
        "rebuild it with --keep-previous"
    )


def stop(monkeypatch):
    """The next rebuild is interrupted in its validation."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rebuild_run, "validated", interrupt)


def test_ctrl_c_leaves_what_was_built_to_be_gone_on_with(run, filled, monkeypatch):
    with monkeypatch.context() as patch:
        stop(patch)
        stopped = run("rebuild", filled, "notes", "--metric", "ip")
    assert stopped.status == 130 and stopped.out == ""
    assert "collection notes is as it was; the same command goes on" in stopped.err
    info = run("info", filled, "notes").out
    assert "rebuild pending: 100% of cosine -> ip, since " in info
    assert "--resume goes on, --discard removes it" in info
    again = run("rebuild", filled, "notes", "--resume", "--json").json
    assert again["resumed"] and again["metric"] == "ip"


def test_what_is_left_can_be_removed(run, filled, monkeypatch):
    with monkeypatch.context() as patch:
        stop(patch)
        run("rebuild", filled, "notes", "--metric", "ip")
    assert run("rebuild", filled, "notes", "--discard").out == (
        "notes: removed the unfinished or held rebuild\n"
    )
    assert run("rebuild", filled, "notes", "--discard", "--json").json == {
        "collection": "notes",
        "removed": False,
    }
    assert "pending" not in run("info", filled, "notes").out


def test_one_that_is_held_is_put_to_use_by_a_command_of_its_own(run, filled):
    held = run("rebuild", filled, "notes", "--metric", "ip", "--hold").out
    assert held.startswith("notes: generation 2 is held (cosine -> ip, float32, hnsw), 30 records")
    assert held.endswith("; --commit puts it to use\n")
    info = run("info", filled, "notes").out
    assert "rebuild held, 0 changes behind: cosine -> ip, since " in info
    assert "--commit puts it to use, --discard removes it" in info
    assert run("info", filled, "notes", "--json").json["metric"] == "cosine"
    done = run("rebuild", filled, "notes", "--commit", "--keep-previous").out
    assert done.startswith("notes: generation 2 is in use (cosine -> ip")
    assert done.endswith("generation 1 is kept\n")
    assert run("rebuild", filled, "notes", "--commit").failed_with("generation 2 is in use")


def test_vectors_that_stand_against_it_are_named(run, filled):
    with database.open(filled) as db:
        db.collection("numbers").upsert([4, 5], np.zeros((2, 8)))
    assert run("rebuild", filled, "numbers", "--metric", "cosine").failed_with("(ids 4, 5)")
    plan = run("rebuild", filled, "numbers", "--metric", "cosine", "--dry-run", "--json").json
    assert plan["refused_ids"] == [4, 5]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--metric", "l7"], "--metric must be one of"),
        (["--M", "1"], "--M must be between 2"),
        (["--codes", "int9"], "--codes must be"),
        (["--flat", "--M", "8"], "--flat has no graph"),
        (["--rollback", "--discard"], "--rollback and --discard do not go together"),
        (["--rollback", "--metric", "ip"], "--rollback takes no other generation"),
        (["--discard", "--flat"], "--discard takes no other generation"),
        (["--commit", "--rollback"], "--commit and --rollback do not go together"),
        (["--commit", "--metric", "ip"], "--commit takes no other generation"),
        (["--commit", "--hold"], "--commit takes no other generation"),
        (["--anew", "--hold", "--keep-previous"], "--keep-previous goes with --commit"),
        (["--hold"], "nothing is to be changed"),
        (["--resume", "--restart"], "--resume and --restart do not go together"),
        (["--resume"], "no unfinished rebuild"),
        (["--anew", "--no-validate", "--least-recall", "0.9"], "do not go together"),
        (["--anew", "--least-recall", "1.5"], "--least-recall must be"),
        (["--anew", "--reason", "x" * 300], "--reason may be at most 256 bytes"),
        (["--anew", "--threads", "0"], "--threads must be"),
        (["--scores", "nothing"], "--scores must be"),
        ([], "nothing is to be changed; say what, such as --metric, or give --anew"),
        (["--dry-run"], "nothing is to be changed"),
        (["--restart"], "nothing is to be changed"),
        (["--rollback", "--anew"], "--rollback takes no other generation"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, untouched, options, text):
    assert run("rebuild", untouched, "notes", *options).failed_with(text)


def test_too_little_recall(run, filled):
    done = run(
        "rebuild", filled, "notes", "--M", "2", "--ef-construction", "1", "--least-recall", "1"
    )
    if done.status:  # thirty records may all be found even so
        assert done.failed_with("--no-validate or a smaller --least-recall")
        assert run("rebuild", filled, "notes", "--resume", "--no-validate").status == 0


def test_a_collection_that_is_not_there(run, filled):
    assert run("rebuild", filled, "nothing", "--anew").failed_with("no collection 'nothing'")


class TestAnotherModel:
    @pytest.fixture
    def large(self, tmp_path):
        """Vectors of 12 dimensions for the notes, and for one that there is not; a file each."""
        rows = np.random.default_rng(3).normal(size=(31, 12)).astype(np.float32)
        np.save(tmp_path / "large.npy", rows[::-1])
        lines = [json.dumps({"key": f"note-{i}"}) for i in range(31)][::-1]
        (tmp_path / "ids.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return tmp_path / "large.npy", tmp_path / "ids.jsonl", rows

    def test_the_vectors_of_a_file_take_the_place_of_the_stored_ones(self, run, filled, large):
        file, ids, rows = large
        command = ("rebuild", filled, "notes", "--model", "large", "--vectors", file)
        named = ("--records", ids, "--ids-from", "key")
        assert "12" in run(*command, *named, "--dry-run").out
        done = run(*command, *named, "--keep-previous")
        assert done.status == 0, done.err
        assert "dimensions 8 -> 12, model none -> large" in done.out
        assert "30 records, 1 other ids ignored" in done.out
        with database.open(filled) as db:
            notes = db.collection("notes", model="large", dim=12)
            assert np.array_equal(notes.get("note-7").vector, rows[7])
        info = run("info", filled, "notes").out
        assert "kept: generation 1 (cosine, float32, 8 dimensions, no model, hnsw)" in info
        (kept_one,) = run("inspect", filled, "notes", "--json").json["beside"]
        assert (kept_one["role"], kept_one["dim"], kept_one["model"]) == ("kept", 8, None)
        shown = run("info", filled, "notes", "--json").json
        assert [(line["dim"], line["model"]) for line in shown["history"]] == [
            (8, None), (12, "large"),
        ]  # fmt: skip

    def test_going_back_takes_vectors_for_what_was_written_since(
        self, run, filled, large, tmp_path
    ):
        file, ids, rows = large
        run(
            "rebuild", filled, "notes", "--model", "large", "--vectors", file,
            "--records", ids, "--ids-from", "key", "--keep-previous",
        )  # fmt: skip
        with database.open(filled) as db:
            db.collection("notes").add("new", rows[0])
        assert run("rebuild", filled, "notes", "--rollback").failed_with("1 record was", "'new'")
        np.save(tmp_path / "new.npy", np.ones((1, 8)))
        (tmp_path / "new.jsonl").write_text('{"id": "new"}', encoding="utf-8")
        back = ("rebuild", filled, "notes", "--rollback", "--vectors", tmp_path / "new.npy")
        assert run(*back, "--json").json["dim"] == 8

    def test_truncated_and_scaled(self, run, filled):
        done = run("rebuild", filled, "notes", "--truncate", 4, "--normalize", "--metric", "dot")
        assert "(cosine -> dot, float32, dimensions 8 -> 4, hnsw)" in done.out
        with database.open(filled) as db:
            vectors = [record.vector for record in db.collection("notes").scan()]
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1)

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            (["--truncate", "9"], "truncate=9 keeps more numbers than the 8"),
            (["--normalize", "--dtype", "int8"], "int8 cannot store"),
            (["--discard", "--vectors", "x.npy"], "--discard takes no other generation"),
            (["--rollback", "--normalize"], "--rollback takes no other generation"),
            (["--vectors", "missing.npy"], "missing.npy"),
        ],
    )
    def test_what_cannot_be_is_refused(self, run, untouched, options, why):
        assert run("rebuild", untouched, "notes", *options).failed_with(why)

    def test_an_unfinished_one_says_what_it_is_to(self, run, filled, monkeypatch):
        stop(monkeypatch)
        run("rebuild", filled, "notes", "--truncate", 4, "--model", "small")
        info = run("info", filled, "notes").out
        assert (
            "of cosine of 8 dimensions by no model -> cosine of 4 dimensions by small, since"
            in info
        )
