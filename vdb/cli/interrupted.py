"""The exception of a command that Ctrl-C stopped, with advice for the user."""

from __future__ import annotations


class Interrupted(Exception):  # noqa: N818 - not an error; only `app` catches it
    """Its text says what was done and how to continue."""
