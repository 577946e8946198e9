"""A collection that lives long: a short form of the campaign."""

from collections import Counter

from tools.torture.campaigns import churn


def test_a_life_of_changes_goes_on_where_it_was_left(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(churn, "COMMITS", 100)
    monkeypatch.setattr(churn, "HELD", range(40, 50))
    monkeypatch.setattr(churn.Churn, "count", 1500)
    monkeypatch.setattr(churn.Churn, "queries", 200)
    # So small a file cannot show how large it may be.
    monkeypatch.setattr(churn, "LARGEST", 10.0)
    campaign = churn.Churn(tmp_path, 1)
    assert [campaign.round(number) for number in range(2)] == ["steady"] * 2
    assert campaign.round(1) == f"the next round in {tmp_path} is 2"
    campaign.end()
    campaign = churn.Churn(tmp_path, 1)
    assert campaign.round(2) == "steady"
    assert campaign.fault(Counter(steady=1)) is None
    campaign.end()
    assert capsys.readouterr().out.startswith("300 commits: file ")
