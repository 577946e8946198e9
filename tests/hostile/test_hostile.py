"""Whatever is handed in is refused by a typed error that names it, nothing changed; or it is fine.

The cases are made from the signatures of everything public and a list of hostile values; a new
parameter joins by itself. Here each parameter meets some of the values, in `python -m tools.torture
arguments` all of them.
"""

from __future__ import annotations

import pytest

import vdb
from hostile.calls import CALLS, FINE, Call
from hostile.trial import Trial
from hostile.values import VALUES
from vdb.model import arguments

SHARE = 6  # one value of so many for each parameter; others for the next
NAMES = list(VALUES)


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        deep = (
            tmp_path_factory.mktemp("elsewhere") / "deep" / "enough"
        )  # paths are among the values
        deep.mkdir(parents=True)
        patch.chdir(deep)
        made = Trial(tmp_path_factory.mktemp("hostile"))
        yield made
        assert list(made.db.check()) == []
        made.end()


@pytest.mark.filterwarnings("ignore")  # numpy warns of some of the values
@pytest.mark.parametrize("owner", sorted({call.owner for call in CALLS}))
def test_a_hostile_argument_is_refused_by_name_or_fine(trial, owner):
    wrong = []
    for number, call in enumerate(CALLS):
        if call.owner == owner:
            for name in NAMES[number % SHARE :: SHARE]:
                outcome = trial.outcome(call, name)
                if outcome not in ("refused", "fine"):
                    wrong.append(f"{call}, {name}: {outcome}")
    assert wrong == []


def test_there_are_thousands_of_cases():
    assert len(CALLS) > 200 and len(VALUES) > 120


def test_every_parameter_has_something_that_is_fine(trial):
    for call in CALLS:
        trial.usual(call)  # raises KeyError for one that is new and not in FINE
    assert Call("docs", "search", "q") in CALLS and "q" in FINE


class Odd:
    """An object that raises when it is shown."""

    def __repr__(self):
        raise RuntimeError


def test_a_value_in_a_message_is_short_and_never_raises():
    assert arguments.shown("a") == "'a'"
    assert len(arguments.shown("a" * 10_000)) == 200
    assert arguments.shown(Odd()) == "some Odd"
    assert arguments.shown(10**5000) == "some int"


def test_what_an_object_raised_is_the_cause(db):
    docs = db.create_collection("c", dim=2, metric="l2")

    def ids():
        yield 1
        raise OSError("gone")

    with pytest.raises(vdb.ArgumentTypeError, match="ids cannot be read: OSError: gone") as caught:
        docs.add(ids(), [[1, 2]])
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(vdb.InvalidArgumentError, match="ids has 1,000,000,000,000,000 entries"):
        docs.get(range(10**15))


def test_memory_that_is_out_stays_a_memory_error(db):
    class Big:
        def __iter__(self):
            raise MemoryError

    docs = db.create_collection("c", dim=2, metric="l2")
    with pytest.raises(MemoryError):
        docs.get(Big())


def test_a_text_of_another_class_is_stored_as_a_text(db, path):
    import numpy as np

    docs = db.create_collection(
        np.str_("c"), dim=2, metric=np.str_("l2"), model=np.str_("by hand"), dtype=np.float32
    )
    docs.add([1], [[1, 2]])
    docs.rebuild(reason=np.str_("why"))
    db.close()
    with vdb.open(path) as again:
        info = again.collection("c").info()
        assert (info.model, info.history[-1].reason) == ("by hand", "why")
