"""What fuzzing began with, and what it has found: all of it ends well."""

from pathlib import Path

import pytest

from tools.torture.fuzzing.targets import TARGETS

CORPUS = Path(__file__).parents[2] / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_kept_of_a_target_ends_well(name):
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[name](path.read_bytes())


def test_the_corpus_stays_small():
    assert sum(path.stat().st_size for path in CORPUS.rglob("*")) < 300_000
