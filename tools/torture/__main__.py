"""Campaigns, fuzzing and sanitizers: far longer than the tests."""

from __future__ import annotations

import importlib.util
import sys

PROGRAM = "python -m tools.torture"
USAGE = f"""usage: {PROGRAM} NAME [OPTIONS]; {PROGRAM} NAME --help

{__doc__}

  fuzz       coverage-guided fuzzing of everything that decodes bytes or takes text
  sanitize   the tests, or a script, with the kernel under AddressSanitizer and
             UndefinedBehaviorSanitizer

campaigns (and the rounds of a whole run):
"""


def main() -> int:
    """The exit code of what is run."""
    if importlib.util.find_spec("numpy") is None or importlib.util.find_spec("vdb") is None:
        print(
            f"{PROGRAM}: vdb is not installed in {sys.executable}; run tools/install, and", end=" "
        )
        print(f".venv/bin/{PROGRAM}")
        return 2
    name, arguments = "".join(sys.argv[1:2]), sys.argv[2:]
    # Each is imported when it is called: what it imports may not be installed, or may take long.
    if name == "fuzz":
        from tools.torture.fuzzing import fuzz  # noqa: PLC0415

        return fuzz.main(arguments)
    if name == "sanitize":
        from tools.torture.sanitized import kernel  # noqa: PLC0415

        return kernel.main(arguments)
    from tools.torture import run  # noqa: PLC0415

    if name in {"", "-h", "--help"}:
        print(USAGE + run.list_campaigns())
        return 0 if name else 2
    return run.main([name, *arguments])


if __name__ == "__main__":
    sys.exit(main())
