"""A copy that can be ended in the middle leaves nothing behind, and the next one is whole."""

import os
import signal
import sys
import threading

import pytest

from support.store_tools import docs, ids, run
from vdb.store import Environment
from vdb.store.files import file_copy


def fill(env):
    for n in range(8):
        docs(env, n, payload="x" * 1_000_000)


@pytest.mark.parametrize("call", ["copy", "compact"])
def test_an_interrupted_copy_leaves_nothing(env, tmp_path, monkeypatch, call):
    fill(env)
    calls = {"copy": lambda: env.copy(tmp_path / "copy"), "compact": env.compact}
    before = {*env.path.iterdir(), *tmp_path.iterdir()}
    threads, written = threading.active_count(), []

    def interrupted(fd, piece):
        written.append(len(piece))
        if len(written) == 3:
            raise KeyboardInterrupt
        return os.write(fd, piece)

    with monkeypatch.context() as patch:
        patch.setattr(file_copy, "os", _With(os, write=interrupted))
        with pytest.raises(KeyboardInterrupt):
            calls[call]()
    assert threading.active_count() == threads
    assert {*env.path.iterdir(), *tmp_path.iterdir()} == before
    calls[call]()
    assert ids(env) == list(range(8))
    if call == "copy":
        copied = Environment.open(tmp_path / "copy")
        assert ids(copied) == list(range(8))
        copied.close()


class _With:
    """A module with some of its functions replaced."""

    def __init__(self, module, **replaced):
        self._module = module
        self.__dict__.update(replaced)

    def __getattr__(self, name):
        return getattr(self._module, name)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGPIPE")
def test_a_program_that_dies_of_closed_pipes_does_not_die_of_this(path):
    script = """
from vdb.store.files import file_copy
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
env = Environment.open(path)
for n in range(8):
    docs(env, n, payload="x" * 1_000_000)
write = os.write
def failing(fd, piece):
    raise OSError(28, "No space left on device")
os.write = failing
try:
    env.copy(str(path) + "-copy")
except errors.DiskFullError as error:
    pass
else:
    say("copied")
os.write = write
env.copy(str(path) + "-copy")
say(ids(env))
env.close()
"""
    assert run(script, path) == str(list(range(8)))
    assert signal.getsignal(signal.SIGPIPE) is not None
