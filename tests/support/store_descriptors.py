"""Descriptors of the data file, to be changed behind the engine's back."""

from __future__ import annotations

import sys

import pytest

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

DESCRIPTORS = """
def descriptors():
    \"\"\"The engine's own of the data file: that of pages, that of meta pages.\"\"\"
    import fcntl
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        writes = fcntl.fcntl(int(name), fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
        if target == str(path / "data.mdb") and writes:
            found.append(int(name))
    return sorted(found)
def fails(error, function):
    try:
        function()
    except error as caught:
        return caught
    raise AssertionError("nothing was raised")
env = Environment.open(path)
docs(env, 1)
pages, meta = descriptors()
"""
