"""Studies beside plain searches and numpy: every convention with every metric and dtype."""

import pytest

from tools.torture.campaigns.agreement import COMBINATIONS, Agreement
from vdb.model.metrics import METRICS
from vdb.scores.table import all_conventions


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    made = Agreement(tmp_path_factory.mktemp("agreement"), 11)
    yield made
    made.end()
    assert made.tally.wrong == []


def test_the_whole_table_is_walked():
    rows = [one.row for one in COMBINATIONS if one.row is not None]
    assert {id(row) for row in rows} == {id(row) for row in all_conventions()}
    for row in all_conventions():
        kinds = {one.kind.dtype for one in COMBINATIONS if one.row is row}
        own = [r.dtype for r in all_conventions() if (r.name, r.metric) == (row.name, row.metric)]
        taken = set(METRICS[row.metric].dtypes) - set(own)
        assert kinds == (taken if row.dtype == "any" else {row.dtype})


@pytest.mark.parametrize(
    "number", range(len(COMBINATIONS)), ids=lambda number: f"{COMBINATIONS[number]}"
)
def test_a_convention_a_metric_and_a_dtype_agree(campaign, number):
    assert campaign.round(number) == "agrees"
