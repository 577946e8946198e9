"""What a command raises when Ctrl-C stopped it and there is more to say than that."""

from __future__ import annotations


class Interrupted(Exception):  # noqa: N818 - not an error; nobody catches it but `app`
    """Its text says what was done and how to go on."""
