"""The error of an adapter whose host is not installed."""

from __future__ import annotations

__all__ = ["missing_host"]


def missing_host(error: ModuleNotFoundError, module: str, extra: str) -> ModuleNotFoundError:
    """The error to raise where an import of a host has failed.

    Args:
        error: What the import raised.
        module: The top-level module that the adapter imports.
        extra: The extra of vdb that installs it.

    Returns:
        An error that names the extra, also where the host is there and too old to have a module.
        The error itself, where the host is there and lacks another library.

    Example:
        raise missing_host(error, "langchain_core", "langchain") from error
    """
    name = error.name or ""
    if name.partition(".")[0] != module:
        return error
    return ModuleNotFoundError(
        f'{name} is not installed; pip install "vdb[{extra}]" installs a version that the '
        "adapter is tested with",
        name=name,
    )
