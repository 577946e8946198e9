"""Where blocks probably lie: right in a file written in one go, silent where it would be wrong."""

import itertools
import mmap

import numpy as np
import pytest

from vdb.kernel import AddressPredictor, page_bytes

PAGE = mmap.PAGESIZE
STRIDE = 16 * PAGE
BASE = 1 << 40


def written_in_one_go(blocks: int, every: int) -> list[int]:
    """Addresses with a page between two blocks now and then."""
    return [BASE + n * STRIDE + n // every * PAGE for n in range(blocks)]


def scattered(blocks: int) -> list[int]:
    """Addresses in any order."""
    order = np.random.default_rng(5).permutation(4 * blocks)[:blocks]
    return [BASE + int(place) * STRIDE for place in order]


def test_nothing_is_guessed_before_anything_is_known() -> None:
    predictor = AddressPredictor(STRIDE)
    assert predictor.predict(0) is None
    assert predictor.predict(1_000) is None


def test_between_known_blocks_a_guess_is_at_most_a_page_off() -> None:
    places = written_in_one_go(8_000, 66)
    predictor = AddressPredictor(STRIDE)
    for number in range(0, 8_000, 400):
        predictor.observe(number, 8_000, places[number])
    off = [abs(predictor.predict(n) - places[n]) for n in range(7_600)]
    assert max(off) <= PAGE
    assert np.mean([one == 0 for one in off]) > 0.5
    assert all(one % PAGE == 0 for one in off)


def test_on_one_side_of_what_is_known_only_near_blocks_are_guessed() -> None:
    predictor = AddressPredictor(STRIDE)
    predictor.observe(500, 1_000, BASE)
    assert predictor.predict(501) == BASE + STRIDE
    assert predictor.predict(490) == BASE - 10 * STRIDE
    assert predictor.predict(900) is None
    assert predictor.predict(100) is None


def test_nothing_is_guessed_between_blocks_that_were_not_written_together() -> None:
    predictor = AddressPredictor(STRIDE)
    predictor.observe(100, 1_000, BASE)
    predictor.observe(200, 1_000, BASE + 5_000 * STRIDE)
    assert predictor.predict(150) is None
    predictor.observe(300, 1_000, BASE + 100 * STRIDE)  # before the one of a lower number
    assert predictor.predict(250) is None


def test_it_falls_silent_in_a_file_written_here_and_there() -> None:
    places = scattered(2_000)
    predictor = AddressPredictor(STRIDE)
    guesses = 0
    for number in np.random.default_rng(6).permutation(2_000).tolist():
        guesses += predictor.predict(number) is not None
        predictor.observe(number, 2_000, places[number])
    assert guesses < 100
    assert all(predictor.predict(number) is None for number in range(2_000))


def test_it_goes_on_where_few_guesses_were_wrong() -> None:
    places = written_in_one_go(2_000, 66)
    for number in range(0, 2_000, 10):
        places[number] = BASE + (5_000 + number) * STRIDE  # rewritten later
    predictor = AddressPredictor(STRIDE)
    order = np.random.default_rng(7).permutation(2_000).tolist()
    for number in order[:1_000]:
        predictor.observe(number, 2_000, places[number])
    guessed = [(n, predictor.predict(n)) for n in order[1_000:]]
    near = [abs(guess - places[n]) <= PAGE for n, guess in guessed if guess is not None]
    assert len(near) > 300
    assert np.mean(near) > 0.75


@pytest.mark.parametrize("blocks", [0, 1, 2**31])
def test_any_number_of_blocks_will_do(blocks: int) -> None:
    predictor = AddressPredictor(STRIDE)
    for number in itertools.takewhile(lambda n: n <= blocks, (0, 1, 2**31)):
        predictor.observe(number, blocks, BASE)
        predictor.predict(number)


def test_a_page_is_as_large_as_the_system_says() -> None:
    assert page_bytes() == mmap.PAGESIZE
