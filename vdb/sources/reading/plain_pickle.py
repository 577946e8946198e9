"""Pickles of plain values, read without running anything in them.

The opcodes are walked one by one, and only those for plain values do something: None, bool, int,
float, str, bytes, list, tuple, dict, set. A class or function that the reader admits by its name
becomes a `PlainObject`, which holds what the pickle gives it; nothing is imported or called. Any
other name is refused. Opcodes: Lib/pickletools.py of CPython.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ARRAYS", "PlainObject", "PlainPickleError", "array_of", "plain_values"]

_MOST_OPCODES = 50_000_000
_VALUES: Final = frozenset(
    [
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "FLOAT", "BINFLOAT"),
    ]
)
"""Opcodes whose argument is the value."""
_EMPTY: Final[dict[str, Callable[[], Any]]] = {
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}


def _pairs(values: list[Any]) -> dict[Any, Any]:
    return dict(zip(values[::2], values[1::2], strict=True))


_GROUPS: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "TUPLE": tuple,
    "LIST": list,
    "FROZENSET": frozenset,
    "DICT": _pairs,
}
_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_NOTHING: Final = frozenset(["PROTO", "FRAME"])

ARRAYS: Final = frozenset(
    [
        *("numpy.ndarray", "numpy.dtype"),
        *(f"numpy.{core}.multiarray._reconstruct" for core in ("core", "_core")),
        *(f"numpy.{core}.numeric._frombuffer" for core in ("core", "_core")),
    ]
)
"""Names to admit for arrays and numbers of numpy's."""


_BYTES: Final = frozenset(["_codecs.encode", "builtins.bytes", "__builtin__.bytes"])
"""What protocols 0 to 2 name for bytes: texts of latin-1, and nothing for none."""


class PlainPickleError(ValueError):
    """No pickle of plain values: a name that is not admitted, or bytes that are no pickle."""


@dataclass(slots=True, eq=False)
class PlainObject:
    """What a pickle says of an object whose class was admitted.

    Attributes:
        name: The class or function, with its module.
        arguments: What it would be called with.
        state: What it would be filled with; None for nothing.
        items: What would be put into it, as pairs or one by one.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
    items: list[Any] | None = None


class _Mark:
    """The beginning of a group on the stack."""


def plain_values(data: bytes, admitted: Collection[str] = ()) -> Any:
    """The value of a pickle.

    Args:
        data: The pickle.
        admitted: Names of classes and functions, with their modules, that become `PlainObject`.

    Raises:
        PlainPickleError: Another name stands in it, or it is damaged.
    """
    try:
        with warnings.catch_warnings():  # of escapes in damaged texts
            warnings.simplefilter("ignore", DeprecationWarning)
            return _Machine(admitted).run(data)
    except PlainPickleError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, RecursionError) as error:
        text = f"byte or key {error} stands for nothing" if isinstance(error, KeyError) else error
        raise PlainPickleError(f"is damaged: {text}") from error


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, admitted: Collection[str]) -> None:
        self._admitted = admitted
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if opcode.name == "STOP":
                (value,) = self._stack
                return value
            if number > _MOST_OPCODES:
                raise PlainPickleError(f"has more than {_MOST_OPCODES:,} opcodes")
            self._step(opcode.name, argument)
        raise PlainPickleError("has no end")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MARK":
            stack.append(_Mark())
        elif name in _NOTHING:
            pass
        elif not (self._memorize(name, argument) or self._gather(name)):
            self._object(name, argument)

    def _memorize(self, name: str, argument: Any) -> bool:
        """Opcodes of the memo and of the stack."""
        match name:
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                self._stack.append(self._memo[argument])
            case "POP":
                self._stack.pop()
            case "DUP":
                self._stack.append(self._stack[-1])
            case "POP_MARK":
                self._group()
            case _:
                return False
        return True

    def _gather(self, name: str) -> bool:
        """Opcodes that make or fill lists, tuples, dicts and sets."""
        stack = self._stack
        if name in _TUPLES:
            count = _TUPLES[name]
            values = tuple(stack[-count:])
            if len(values) != count:
                raise PlainPickleError("has a tuple of values that are not there")
            del stack[-count:]
            stack.append(values)
            return True
        if name in _GROUPS:
            stack.append(_GROUPS[name](self._group()))
            return True
        match name:
            case "APPEND":
                self._fill([stack.pop()])
            case "APPENDS" | "ADDITEMS":
                self._fill(self._group())
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                self._fill_pairs([key, value])
            case "SETITEMS":
                self._fill_pairs(self._group())
            case _:
                return False
        return True

    def _object(self, name: str, argument: Any) -> None:
        """Opcodes of classes and of objects: named, never made."""
        stack = self._stack
        match name:
            case "GLOBAL":
                stack.append(self._named(str(argument).replace(" ", ".", 1)))
            case "STACK_GLOBAL":
                attribute, module = stack.pop(), stack.pop()
                stack.append(self._named(f"{module}.{attribute}"))
            case "REDUCE" | "NEWOBJ":
                arguments, kind = stack.pop(), stack.pop()
                made = PlainObject(_object(kind).name, tuple(arguments))
                stack.append(_bytes_of(made) if made.name in _BYTES else made)
            case "BUILD":
                state = stack.pop()
                _object(stack[-1]).state = state
            case _:
                raise PlainPickleError(f"has the opcode {name}, which plain values do not need")

    def _named(self, name: str) -> PlainObject:
        if name not in self._admitted and name not in _BYTES:
            raise PlainPickleError(f"names {name}, which does not belong there")
        return PlainObject(name)

    def _group(self) -> list[Any]:
        """The values above the last mark, which leave the stack with it."""
        stack = self._stack
        for place in range(len(stack) - 1, -1, -1):
            if isinstance(stack[place], _Mark):
                values = stack[place + 1 :]
                del stack[place:]
                return values
        raise PlainPickleError("has a group without a beginning")

    def _fill(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif isinstance(target, set):
            target.update(values)
        else:
            made = _object(target)
            made.items = (made.items or []) + values

    def _fill_pairs(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, dict):
            target.update(_pairs(values))
        else:
            made = _object(target)
            made.items = (made.items or []) + list(_pairs(values).items())


def _object(value: Any) -> PlainObject:
    if not isinstance(value, PlainObject):
        raise PlainPickleError(f"treats a {type(value).__name__} as an object")
    return value


def _bytes_of(made: PlainObject) -> bytes:
    if not made.arguments:
        return b""
    text, encoding = made.arguments
    if encoding != "latin1":
        raise PlainPickleError(f"has bytes in the encoding {encoding!r}")
    data: bytes = text.encode("latin-1")
    return data


def array_of(value: PlainObject) -> NDArray[Any]:
    """An array that numpy pickled, by the names in `ARRAYS`.

    Raises:
        PlainPickleError: It is none of numbers, or has other bytes than its shape needs.
    """
    try:
        if value.name.endswith("._frombuffer"):  # protocol 5
            data, kind, shape, order = value.arguments
        else:
            _, shape, kind, fortran, data = value.state
            order = "F" if fortran else "C"
        return np.frombuffer(data, _dtype_of(kind)).reshape(shape, order=order)
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise PlainPickleError(f"has an array that is none: {error}") from error


def _dtype_of(kind: PlainObject) -> np.dtype[Any]:
    dtype = np.dtype(str(kind.arguments[0]))
    if dtype.hasobject or dtype.names is not None:
        raise PlainPickleError("has an array of objects")
    order = kind.state[1] if kind.state else "="
    return dtype.newbyteorder(">") if order == ">" else dtype
