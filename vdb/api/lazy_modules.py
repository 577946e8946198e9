"""Modules that are named before they are loaded.

What most programs never call is imported when it is first called. Annotations name its classes all
the same, and whoever evaluates them (`typing.get_type_hints`, a framework that reads signatures)
must find these names where the annotation stands. There a module of this kind stands for the real
one, which is loaded when something of it is first asked for; a type checker sees the real one::

    if TYPE_CHECKING:
        from vdb.maintenance import info
    else:
        info = lazy_modules.module("vdb.maintenance.info")

    def info(self) -> info.DatabaseInfo: ...
"""

from __future__ import annotations

import importlib
import typing

__all__ = ["Module", "module", "publish"]


class Module:
    """Stands for a module until it is needed. Made by `module`."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        # What looks through a namespace asks every object for its __wrapped__ and the like.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self._name), name)

    def __repr__(self) -> str:
        return f"<{self._name}, loaded when needed>"


def module(name: str) -> Module:
    """The module of that name, loaded when something of it is first asked for."""
    return Module(name)


def publish(thing: object, name: str) -> None:
    """Makes a class or function say that it is of the module of that name.

    So that reprs, tracebacks and pickles show the public name. The annotations of a class are
    evaluated here: afterwards they would be looked for in that module.
    """
    if isinstance(thing, type) and "__annotations__" in vars(thing):
        hints = typing.get_type_hints(thing, include_extras=True)
        thing.__annotations__ = {key: hints[key] for key in thing.__annotations__}
    thing.__module__ = name
