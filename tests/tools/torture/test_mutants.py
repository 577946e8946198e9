"""Seeded bugs: each can still be put in, and one is noticed."""

from pathlib import Path

import pytest

from support.torture import torture
from tools.torture.mutation.mutations import MUTATIONS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_a_mutation_fits_the_source_as_it_is(mutation):
    whole = (ROOT / mutation.file).read_text("utf-8")
    assert whole.count(mutation.old) == 1
    assert whole.replace(mutation.old, mutation.new) != whole
    for test in mutation.tests.split():
        assert (ROOT / test).exists()


def test_there_are_at_least_thirty_of_both_languages():
    compiled = sum(mutation.compiled for mutation in MUTATIONS)
    assert len(MUTATIONS) >= 30 and 10 <= compiled <= len(MUTATIONS) - 15
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_one_of_them_is_noticed():
    names = [mutation.name for mutation in MUTATIONS]
    first = names.index("a newer format is read as if it were this one")
    status, said, _ = torture("mutants", "--rounds", 1, "--first", first)
    assert status == 0, said
    assert "1 caught" in said
