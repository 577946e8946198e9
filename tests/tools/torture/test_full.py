"""Small disks that fill up, mounted in earnest; the short form, where mounting is allowed."""

import pytest

from support.torture import torture


@pytest.mark.parametrize("campaign", ["full-ext4", "full-tmpfs"])
def test_a_full_disk_refuses_and_loses_nothing(campaign):
    status, said, _ = torture(campaign, "--rounds", 2, "--seed", 3)
    if status == 77:
        pytest.skip(said)
    assert status == 0, said
    assert f"{campaign}: passed: 2 rounds from 0, seed 3" in said
    assert said.splitlines()[-1].endswith("2 full")
