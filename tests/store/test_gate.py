"""The gate: nobody is inside while an environment is remapped or closed."""

import threading
import time

import pytest

from support.store_tools import until
from vdb.errors import BusyError, ClosedError, ForkError
from vdb.store.gate import Gate


@pytest.fixture
def gate():
    return Gate("it")


def enter(gate, timeout=0.0):
    token = gate.token()
    gate.enter(token, timeout)
    return token


def test_whoever_entered_is_inside_until_leaving(gate):
    token = enter(gate)
    assert gate.inside == 1
    gate.leave(token)
    gate.leave(token)
    assert gate.inside == 0


def test_emptying_waits_for_those_inside(gate):
    token = enter(gate)
    done = []

    def empty():
        with gate.emptied(10.0):
            done.append(gate.inside)

    thread = threading.Thread(target=empty)
    thread.start()
    time.sleep(0.02)
    assert done == []
    gate.leave(token)
    thread.join()
    assert done == [0]


def test_emptying_gives_up_and_opens_again(gate):
    token = enter(gate)
    with pytest.raises(BusyError, match="1 running"), gate.emptied(0.02):
        pytest.fail("somebody is inside")
    gate.leave(token)
    gate.leave(enter(gate))


def test_the_own_tokens_do_not_count(gate):
    token = enter(gate)
    with gate.emptied(0.0, own=frozenset((token,))):
        assert gate.inside == 1


def test_who_comes_while_it_is_emptied_waits(gate):
    order = []

    def come():
        gate.leave(enter(gate, 10.0))
        order.append("inside")

    with gate.emptied(0.0):
        thread = threading.Thread(target=come)
        thread.start()
        time.sleep(0.02)
        order.append("remapped")
    thread.join()
    assert order == ["remapped", "inside"]


def test_who_comes_while_it_is_emptied_does_not_wait_for_ever(gate):
    with gate.emptied(0.0), pytest.raises(BusyError):
        enter(gate, 0.02)


def test_after_an_exception_it_is_open_again(gate):
    with pytest.raises(KeyError), gate.emptied(0.0):
        raise KeyError
    gate.leave(enter(gate))


def test_nobody_enters_after_closing(gate):
    gate.shut(0.0)
    with pytest.raises(ClosedError, match="it is closed"):
        enter(gate)
    gate.shut(0.0)


def test_closing_gives_up_and_opens_again(gate):
    token = enter(gate)
    with pytest.raises(BusyError):
        gate.shut(0.02)
    gate.leave(token)
    gate.leave(enter(gate))


def test_nobody_enters_after_a_failure_but_it_can_be_closed(gate):
    gate.fail("the disk is gone")
    with pytest.raises(ClosedError, match="the disk is gone"):
        enter(gate)
    gate.shut(0.0)


def test_nobody_enters_after_a_fork_even_if_a_lock_was_held(gate):
    with gate._emptier:
        gate.poison()
        with pytest.raises(ForkError):
            enter(gate)


def test_nobody_is_ever_inside_of_an_emptied_gate(gate):
    stop = time.monotonic() + 1.0
    wrong = []

    def visit():
        while time.monotonic() < stop:
            token = enter(gate, 10.0)
            if gate._remapped:
                wrong.append(token)
            gate.leave(token)

    gate._remapped = False
    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    while time.monotonic() < stop:
        with gate.emptied(10.0):
            gate._remapped = True
            time.sleep(0)
            gate._remapped = False
    for visitor in visitors:
        visitor.join()
    assert wrong == []
    until(lambda: gate.inside == 0)
