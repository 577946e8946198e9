"""What a database that lived a history shows after a power cut, and whether that may be.

Run as a program it takes a `Question` a line, as JSON, and answers each with a line; it is asked
through `reader.Reader`.
"""

from __future__ import annotations

import functools
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import vdb
from tools.torture.power_loss.history import History

RIGHT = "as acknowledged"
BEFORE = "the newest commit lost"


@dataclass(frozen=True, slots=True)
class Question:
    """The files that are left, and the calls that had returned.

    Attributes:
        place: The directory.
        seed: Of the history.
        made: Whether making the database had returned.
        acknowledged: The newest batch whose commit had returned.
        least: The newest batch that must be there.
        copies: Batches of which a backup had returned.
        longer: Whether to look at the newest of these too, and to go on with the history.
    """

    place: str
    seed: int
    made: bool
    acknowledged: int
    least: int
    copies: list[int]
    longer: bool

    def line(self) -> str:
        """As it is sent."""
        return json.dumps(asdict(self))


class WrongError(Exception):
    """What is shown may not be."""


def answer(question: Question) -> str:
    """`RIGHT` or `BEFORE`, or what is wrong."""
    place, history = Path(question.place), _history(question.seed)
    try:
        _look_at_copies(place, history, question)
        return _look_at_live(place / "live.vdb", history, question)
    except WrongError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - none may be raised
        return f"{type(error).__name__}: {error}".replace("\n", " ")


@functools.lru_cache(maxsize=4)
def _history(seed: int) -> History:
    return History(seed)


def _look_at_copies(place: Path, history: History, question: Question) -> None:
    """Copies whose call had returned are there; any other is whole."""
    copies = {copy.name for copy in place.glob("copy of *")}
    names = [f"copy of {batch}" for batch in question.copies]
    for name in names:
        if name not in copies:
            raise WrongError(f"the backup {name} is missing")
    for name in copies.difference(names[:-1] if question.longer else names):
        _look_at_copy(place / name, history)


def _look_at_copy(path: Path, history: History) -> None:
    with vdb.open(path, create=False, read_only=True) as db:
        _require_sound(db)
        batch = _contents(db, history)
    if path.name != f"copy of {batch}":
        raise WrongError(f"{path.name} shows batch {batch}")


def _look_at_live(path: Path, history: History, question: Question) -> str:
    try:
        db = vdb.open(path, create=question.made is False, durability="relaxed")
    except vdb.NotFoundError:
        raise WrongError("the database is missing") from None
    with db:
        _require_sound(db)
        batch = _contents(db, history)
        if not question.least <= batch <= question.acknowledged + 1:
            raise WrongError(f"shows batch {batch}, and {question.acknowledged} was acknowledged")
        if question.longer:
            history.write(db, batch + 1)
            _require_sound(db)
        if question.longer and _contents(db, history) != batch + 1:
            raise WrongError(f"does not go on from batch {batch}")
    return BEFORE if batch < question.acknowledged else RIGHT


def _require_sound(db: vdb.Database) -> None:
    problems = [str(problem) for problem in db.check()]
    if problems:
        raise WrongError(f"{len(problems)} problems: {problems[0]}")


def _contents(db: vdb.Database, history: History) -> int:
    """The batch that is shown; everything in the database belongs to that one."""
    names = set(db.collections()) - {"other"}
    if not names:
        return 0
    docs, log = db.collection("docs"), db.collection("log")
    last = log.get("last")
    if last is None:
        raise WrongError("half a batch: the log is empty")
    batch = int(last.payload)
    rows = history.rows[batch]
    if sorted(log.ids()) != sorted([*{f"batch {b % 20}" for b in range(1, batch + 1)}, "last"]):
        raise WrongError(f"the log is not that of batch {batch}")
    records = list(docs.scan())
    if sorted(rows) != sorted(int(record.id) for record in records):
        raise WrongError(f"the records are not those of batch {batch}")
    for record in records:
        number = int(record.id)
        written = rows[number]
        if record.payload != history.payload(number, written) or not np.array_equal(
            record.vector, history.vector(number, written)
        ):
            raise WrongError(f"record {number} of batch {batch} is not what batch {written} wrote")
    some = np.stack([record.vector for record in records[::20]])
    walked, right = (docs.search_many(some, 5, **how) for how in ({"ef": 1000}, {"exact": True}))
    if not np.allclose(walked.values, right.values):
        raise WrongError("searches do not find what there is")
    count = docs.count({"batch": batch})
    if count != list(rows.values()).count(batch):
        raise WrongError(f"a filter finds {count} records of batch {batch}")
    return batch


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        print(answer(Question(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
