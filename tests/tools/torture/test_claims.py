"""A short form of the campaign: forgeries under right checksums, and every call on them."""

import pytest

from tools.torture.campaigns.claims import Claims

SHARE = 24


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    made = Claims(tmp_path_factory.mktemp("claims"), 0)
    yield made
    made.end()


def test_every_call_answers_a_forgery_or_calls_it_damage(campaign):
    rounds = range(0, campaign.full, campaign.full // SHARE)
    outcomes = [campaign.round(number) for number in rounds]
    assert {one for one in outcomes if one not in campaign.accepted} == set()
    assert "refused" in outcomes


def test_there_is_a_forgery_of_every_kind_of_key_and_field(campaign):
    names = " ".join(forgery.name for forgery in campaign.forgeries)
    for field in (
        "commit", "next_collection", "slots", "free_head", "kept", "history", "scores", "created",
        "fields", "entry", "longest", "tuning", "curve", "build", "spread", "epoch", "row_size",
        "terms", "name", "change", "part", "id", "record", "journal", "bare", "with bare",
        "norm of", "with embeddings", "with origin",
    ):  # fmt: skip
        assert field in names, field
    assert campaign.full > 5000
