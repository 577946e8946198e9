"""Calls that are stopped on the way."""

from __future__ import annotations


class StopError(Exception):
    """Raised by tests, to leave what they are in."""


def stop_in(phase, done=0):
    """A progress callback that ends a rebuild in that phase."""

    def progress(at):
        if at.phase == phase and at.done >= done:
            raise StopError

    return progress


def stop_at(call, number):
    """The call, which ends a rebuild when it is made for that time, counted from 1."""
    calls = []

    def counted(*arguments):
        calls.append(1)
        if len(calls) == number:
            raise StopError
        call(*arguments)

    return counted


def stop_after(calls):
    """A progress callback that ends a rebuild at its nth call; 0: never."""
    left = [calls]

    def progress(_at):
        left[0] -= 1
        if left[0] == 0:
            raise StopError

    return progress
