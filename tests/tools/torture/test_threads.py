"""A crowd on one database, without the sanitizers that the campaign brings."""

import json
import subprocess
import sys

import pytest

from support.torture import ROOT


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork, and no signal to oneself")
def test_a_crowd_gets_right_answers_and_typed_errors(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "tools.torture.sanitized.crowd", tmp_path / "crowd.vdb", "4", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {"nearest", "upsert"} <= json.loads(ran.stdout).keys()
