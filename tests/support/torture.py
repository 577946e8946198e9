"""Campaigns, run as they are by hand."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def torture(*arguments):
    ran = subprocess.run(
        [sys.executable, "-m", "tools.torture", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr
