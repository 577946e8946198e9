"""`vdb cluster check`: sound or not, shard by shard."""

import vdb


def test_a_sound_cluster_is_called_so(run, three):
    ran = run("cluster", "check", three)
    assert (ran.status, ran.out) == (0, f"{three}: sound\n")
    ran = run("cluster", "check", three, "--json")
    assert ran.json == {"cluster": str(three), "sound": True, "problems": []}


def test_damage_is_named_with_its_shard(run, three):
    file = three.parent / "b" / "notes-000001" / "data.mdb"
    with vdb.open(file.parent) as db:
        vector = db.collection("notes").get(next(db.collection("notes").ids())).vector
    data = bytearray(file.read_bytes())
    # The stored vectors are of length 1: look for its first two numbers.
    at = data.index(vector[:2].astype("float32").tobytes())
    data[at] ^= 0xFF
    file.write_bytes(data)
    ran = run("cluster", "check", three)
    assert ran.status == 2
    assert "error: notes-000001: " in ran.out
    assert ran.out.rstrip().endswith("problem") or ran.out.rstrip().endswith("problems")


def test_a_shard_that_does_not_answer_is_an_error(run, without_b):
    assert run("cluster", "check", without_b, "--timeout", 1).failed_with("notes-000001")
