"""Where blocks probably lie: right in a file written in one go, silent where it would be wrong."""

import itertools
import mmap

import numpy as np
import pytest

from vdb.kernel import Forecast, page_bytes

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
    forecast = Forecast(STRIDE)
    assert forecast.guess(0) is None
    assert forecast.guess(1_000) is None


def test_between_known_blocks_a_guess_is_at_most_a_page_off() -> None:
    places = written_in_one_go(8_000, 66)
    forecast = Forecast(STRIDE)
    for number in range(0, 8_000, 400):
        forecast.learn(number, 8_000, places[number])
    off = [abs(forecast.guess(n) - places[n]) for n in range(7_600)]
    assert max(off) <= PAGE
    assert np.mean([one == 0 for one in off]) > 0.5
    assert all(one % PAGE == 0 for one in off)


def test_on_one_side_of_what_is_known_only_near_blocks_are_guessed() -> None:
    forecast = Forecast(STRIDE)
    forecast.learn(500, 1_000, BASE)
    assert forecast.guess(501) == BASE + STRIDE
    assert forecast.guess(490) == BASE - 10 * STRIDE
    assert forecast.guess(900) is None
    assert forecast.guess(100) is None


def test_nothing_is_guessed_between_blocks_that_were_not_written_together() -> None:
    forecast = Forecast(STRIDE)
    forecast.learn(100, 1_000, BASE)
    forecast.learn(200, 1_000, BASE + 5_000 * STRIDE)
    assert forecast.guess(150) is None
    forecast.learn(300, 1_000, BASE + 100 * STRIDE)  # before the one of a lower number
    assert forecast.guess(250) is None


def test_it_falls_silent_in_a_file_written_here_and_there() -> None:
    places = scattered(2_000)
    forecast = Forecast(STRIDE)
    guesses = 0
    for number in np.random.default_rng(6).permutation(2_000).tolist():
        guesses += forecast.guess(number) is not None
        forecast.learn(number, 2_000, places[number])
    assert guesses < 100
    assert all(forecast.guess(number) is None for number in range(2_000))


def test_it_goes_on_where_few_guesses_were_wrong() -> None:
    places = written_in_one_go(2_000, 66)
    for number in range(0, 2_000, 10):
        places[number] = BASE + (5_000 + number) * STRIDE  # rewritten later
    forecast = Forecast(STRIDE)
    order = np.random.default_rng(7).permutation(2_000).tolist()
    for number in order[:1_000]:
        forecast.learn(number, 2_000, places[number])
    guessed = [(n, forecast.guess(n)) for n in order[1_000:]]
    near = [abs(guess - places[n]) <= PAGE for n, guess in guessed if guess is not None]
    assert len(near) > 300
    assert np.mean(near) > 0.75


@pytest.mark.parametrize("blocks", [0, 1, 2**31])
def test_any_number_of_blocks_will_do(blocks: int) -> None:
    forecast = Forecast(STRIDE)
    for number in itertools.takewhile(lambda n: n <= blocks, (0, 1, 2**31)):
        forecast.learn(number, blocks, BASE)
        forecast.guess(number)


def test_a_page_is_as_large_as_the_system_says() -> None:
    assert page_bytes() == mmap.PAGESIZE
