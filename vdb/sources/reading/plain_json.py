"""Strict JSON: no constants of Python, no repeated name in one object, no endless nesting."""

from __future__ import annotations

import codecs
import json
from typing import Any, Final, NoReturn

__all__ = ["PlainJsonError", "plain_json"]


class PlainJsonError(ValueError):
    """Text that is no JSON, or has a name twice in one object."""


def plain_json(text: str | bytes) -> Any:
    """The value of a JSON text in UTF-8, with or without a byte order mark.

    Raises:
        PlainJsonError: It is none; says where.
    """
    try:
        if isinstance(text, bytes):
            text = text.removeprefix(codecs.BOM_UTF8).decode()
        return _DECODER.decode(text)
    except PlainJsonError:
        raise
    except UnicodeDecodeError as error:
        raise PlainJsonError(f"is not UTF-8 at byte {error.start:,}") from None
    except json.JSONDecodeError as error:
        raise PlainJsonError(f"is not JSON at character {error.pos + 1:,}: {error.msg}") from None
    except RecursionError:
        raise PlainJsonError("is JSON that is nested too deeply") from None
    except ValueError:  # Python makes no int of more than 4,300 digits
        raise PlainJsonError("has a number of too many digits") from None


def _no_constant(name: str) -> NoReturn:
    raise PlainJsonError(f"is not JSON: it has {name}")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise PlainJsonError(f"has the name {twice!r:.60} twice in one object")
    return made


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_once_each)
