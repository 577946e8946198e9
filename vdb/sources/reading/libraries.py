"""Libraries that read or made a source, imported when they are needed."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

__all__ = ["needed", "version_of"]


def needed(module: str, package: str, purpose: str) -> Any:
    """A module that a format cannot be read without.

    Raises:
        ImportError: It is not installed; says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        text = f"{purpose} needs {package}, which is not installed: pip install {package}"
        raise ImportError(text, name=module) from None


def version_of(package: str) -> str:
    """A package's name and version, such as "hnswlib 0.8.0"."""
    return f"{package} {version(package)}"
