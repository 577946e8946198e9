"""Runs one target under atheris; its arguments are libFuzzer's, behind the target's name."""

from __future__ import annotations

import sys

import atheris

from tools.torture.fuzzing.targets import TARGETS


def main() -> None:
    """Never returns."""
    name = sys.argv.pop(1)
    # Not as they are imported: the hook for that does not see an editable installation.
    atheris.instrument_all()
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
