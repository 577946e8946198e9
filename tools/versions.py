"""Prints what pip is to install so that the tests run with other versions of what vdb needs.

python tools/versions.py oldest    the oldest versions that pyproject.toml allows
python tools/versions.py newest    the newest there are, with the libraries whose tables vdb reads
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent / "pyproject.toml"
NEEDED = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)>=(?P<oldest>[0-9.]+)(,<[0-9.]+)?")


def oldest(project: dict[str, Any]) -> list[str]:
    """Each requirement at its lower bound; each has one."""
    found = []
    for line in requirements(project, "test"):
        one = NEEDED.fullmatch(line)
        if one is None:
            sys.exit(f"{line} names no oldest version")
        found.append(f"{one['name']}=={one['oldest']}")
    return found


def newest(project: dict[str, Any]) -> list[str]:
    """Each requirement as it stands, for an upgrade."""
    return requirements(project, "test", "tables")


def requirements(project: dict[str, Any], *extras: str) -> list[str]:
    """What vdb needs, and what these extras need."""
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(line for extra in extras for line in optional[extra])]


def main() -> None:
    """One requirement a line."""
    which = {"oldest": oldest, "newest": newest}.get(" ".join(sys.argv[1:]))
    if which is None:
        sys.exit(__doc__)
    print("\n".join(which(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"])))


if __name__ == "__main__":
    main()
