"""Modules that are imported at the first use of one of their names.

Functions that most programs never call are imported at their first call. Annotations still name
their classes, and `typing.get_type_hints`, or a framework that reads signatures, looks these names
up in the module of the annotation. A `Module` stands there in place of the real one and imports it
at the first access of an attribute; a type checker sees the real one. Aliases of such modules end
in ``_module``, because methods often have the plain name::

    if TYPE_CHECKING:
        from vdb.maintenance import info as info_module
    else:
        info_module = lazy_modules.module("vdb.maintenance.info")

    def info(self) -> info_module.DatabaseInfo: ...
"""

from __future__ import annotations

import importlib
import typing

__all__ = ["Module", "module", "publish"]


class Module:
    """A module that is imported when it is needed. Made by `module`."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        # Tools that inspect a namespace read __wrapped__ and the like of every object.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self._name), name)

    def __repr__(self) -> str:
        return f"<{self._name}, loaded when needed>"


def module(name: str) -> Module:
    """The module of that name, imported at the first access of an attribute."""
    return Module(name)


def publish(definition: object, name: str) -> None:
    """Sets ``__module__`` of a public class or function.

    Reprs, tracebacks and pickles then show the public name. The annotations of a class are
    evaluated first: afterwards their names would be looked up in the module `name`.
    """
    if isinstance(definition, type) and "__annotations__" in vars(definition):
        hints = typing.get_type_hints(definition, include_extras=True)
        definition.__annotations__ = {key: hints[key] for key in definition.__annotations__}
    definition.__module__ = name
