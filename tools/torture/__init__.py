"""Campaigns, fuzzing and sanitizers: `python -m tools.torture`.

`campaigns` has one module a campaign; the other packages are their parts. Some of these use helpers
of the tests, which are imported here as the tests import them.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests"))
