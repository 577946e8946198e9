"""What searches expect of memory: asked for where it is missing, given up where it is short."""

from vdb.kernel import Residency

KIB = 1 << 10
GUIDE = 10 << 20


def test_a_first_search_asks_for_everything() -> None:
    assert Residency().policy() == (True, True, False)


def test_where_nothing_was_read_nothing_is_asked_for() -> None:
    residency = Residency()
    residency.record(0, 0, GUIDE)
    assert residency.policy() == (False, False, False)


def test_a_little_that_was_read_is_asked_for_at_the_end() -> None:
    residency = Residency()
    residency.record(0, 4 * KIB, GUIDE)
    assert residency.policy() == (False, True, False)
    residency.record(8 * KIB, 0, GUIDE)
    assert residency.policy() == (False, True, False)


def test_much_that_was_read_is_asked_for_in_the_walk() -> None:
    residency = Residency()
    residency.record(64 * KIB, 0, GUIDE)
    assert residency.policy() == (True, True, False)


def test_reading_all_there_is_for_the_first_time_gives_nothing_up() -> None:
    residency = Residency()
    for _ in range(GUIDE // (100 * KIB)):
        residency.record(100 * KIB, 50 * KIB, GUIDE)
        assert not residency.policy()[2]


def test_walks_that_read_again_what_they_had_read_give_vectors_up() -> None:
    residency = Residency()
    for _ in range(2 * GUIDE // (100 * KIB)):
        residency.record(100 * KIB, 50 * KIB, GUIDE)
    assert residency.policy()[2]


def test_once_walks_find_what_they_need_vectors_stay() -> None:
    residency = Residency()
    for _ in range(1_000):
        residency.record(100 * KIB, 50 * KIB, GUIDE)
    for _ in range(1_000):
        residency.record(4 * KIB, 50 * KIB, GUIDE)
    assert residency.policy() == (False, True, False)


def test_vectors_that_guide_walks_themselves_are_never_given_up() -> None:
    residency = Residency()
    for _ in range(1_000):
        residency.record(1_000 * KIB, 0, 0)
    assert residency.policy() == (True, True, False)
