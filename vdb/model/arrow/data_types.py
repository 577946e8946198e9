"""Types of Arrow's columns: their letters in the C data interface, and their names in messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["FORMATS", "INTEGERS", "NUMBERS", "OFFSETS", "DataType", "kernel_type"]

INTEGERS = {"c": "i1", "C": "u1", "s": "i2", "S": "u2", "i": "i4", "I": "u4", "l": "i8", "L": "u8"}
"""Formats of integers, and numpy's types of the same bytes."""

NUMBERS = {**INTEGERS, "e": "f2", "f": "f4", "g": "f8"}
"""Formats of numbers, and numpy's types of the same bytes."""

FORMATS = {kind: letter for letter, kind in NUMBERS.items()}
"""Types of numbers in numpy, by kind and bytes, and their formats."""

OFFSETS = {"u": "i4", "z": "i4", "+l": "i4", "+m": "i4", "+vl": "i4"} | {
    "U": "i8",
    "Z": "i8",
    "+L": "i8",
    "+vL": "i8",
}
"""Formats of texts, binaries and lists, and numpy's types of their offsets."""

_NAMES = {
    "n": "null",
    "b": "bool",
    "u": "string",
    "U": "large_string",
    "vu": "string_view",
    "z": "binary",
    "Z": "large_binary",
    "vz": "binary_view",
    "+s": "struct",
    "+m": "map",
    "+l": "list",
    "+L": "large_list",
    "+vl": "list_view",
    "+vL": "large_list_view",
    "+r": "run_end_encoded",
    "tdD": "date32",
    "tdm": "date64",
    "tiM": "interval of months",
    "tiD": "interval of days",
    "tin": "interval",
}
_PREFIXES = {
    "+w:": "fixed_size_list",
    "+ud:": "union",
    "+us:": "union",
    "w:": "fixed_size_binary",
    "d:": "decimal",
    "ts": "timestamp",
    "tt": "time",
    "tD": "duration",
}
_JSON = "arrow.json"
_EXTENSION = b"ARROW:extension:name"
_EXTENSION_METADATA = b"ARROW:extension:metadata"


@dataclass(frozen=True, slots=True)
class DataType:
    """The type of a column or of what lies in it.

    Attributes:
        format: As the C data interface abbreviates it.
        name: Of the column or field; "" where it has none.
        extension: The name of the extension type, or "".
        parameters: Those of the extension type, as its definition encodes them.
        children: Of a struct its fields, of a list its elements.
        dictionary: Where the column holds indices: the type of the values.
    """

    format: str
    name: str
    extension: str
    parameters: bytes
    children: tuple[DataType, ...]
    dictionary: DataType | None

    @classmethod
    def of(cls, tree: Any) -> DataType:
        """From the tuple that the kernel makes of an ArrowSchema."""
        format_, name, metadata, _, children, dictionary = tree
        return cls(
            format_,
            name or "",
            metadata.get(_EXTENSION, b"").decode("utf-8", "replace"),
            metadata.get(_EXTENSION_METADATA, b""),
            tuple(cls.of(child) for child in children),
            None if dictionary is None else cls.of(dictionary),
        )

    @property
    def size(self) -> int:
        """Of a list of fixed length its entries, of a fixed-size binary its bytes."""
        return int(self.format.rpartition(":")[2])

    @property
    def is_json(self) -> bool:
        """Whether it is text that stands for what it is the JSON of."""
        return self.extension == _JSON and self.is_text

    @property
    def is_text(self) -> bool:
        """Whether it is text, in a layout of its own; dictionaries of text are not."""
        return self.dictionary is None and self.format in ("u", "U", "vu")

    @property
    def numbers(self) -> np.dtype[Any] | None:
        """The type in numpy of the numbers that it holds; None where it holds others."""
        if self.dictionary is not None or self.format not in NUMBERS:
            return None
        return np.dtype(NUMBERS[self.format])

    def __str__(self) -> str:
        """The type as messages have it."""
        text = self._text()
        return f"{self.extension}[{text}]" if self.extension else text

    def _text(self) -> str:
        if self.dictionary is not None:
            return f"dictionary<{self.dictionary}>"
        format_ = self.format
        if format_ in NUMBERS:
            return np.dtype(NUMBERS[format_]).name
        prefix = next((key for key in _PREFIXES if format_.startswith(key)), "")
        name = _NAMES.get(format_) or _PREFIXES.get(prefix, f"type {format_!r}")
        if format_ == "+s":
            return f"struct<{', '.join(child.name for child in self.children)}>"
        if format_ == "+r" and len(self.children) == 2:
            return f"{name}<{self.children[1]}>"
        if name.endswith(("list", "list_view")) and len(self.children) == 1:
            name = f"{name}<{self.children[0]}>"
            return f"{name}[{self.size}]" if prefix == "+w:" else name
        return name


_OF_ITS_OWN = ("arrow.bool8", "arrow.uuid", _JSON)
"""Extension types whose values are not those that they are stored as."""

_DEEPEST = 32


def kernel_type(kind: DataType, depth: int = 0) -> tuple[Any, ...] | None:
    """A type as the kernel's `encode_columns` takes it; None where it has no form there."""
    below = [] if kind.dictionary is None else [kind.dictionary]
    names = [child.name for child in kind.children]
    twice = kind.format == "+s" and len(set(names)) != len(names)
    if kind.extension in _OF_ITS_OWN or depth > _DEEPEST or twice:
        return None
    try:
        kind.name.encode()
    except UnicodeEncodeError:
        return None
    trees = [kernel_type(child, depth + 1) for child in (*kind.children, *below)]
    if any(tree is None for tree in trees):
        return None
    dictionary = trees.pop() if below else None
    return kind.format, kind.name, tuple(trees), dictionary
