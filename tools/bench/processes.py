"""Starting fresh Python processes for what can only be measured once in a process."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from tools import environments

from .stand import Stand


def run_child(task: str, *arguments: str) -> dict[str, float]:
    """Run one task of `child` in a new process and return what it printed.

    Raises:
        subprocess.CalledProcessError: it failed; its own message stands on stderr.
    """
    command = environments.command(sys.executable, "tools.bench.child", task, *arguments)
    completed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(completed.stdout)
    return answer


def save_queries(stand: Stand) -> Path:
    """Write the synthetic queries to a file that children read."""
    path = stand.settings.scratch / "queries.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, stand.dataset("synthetic").queries)
    return path
