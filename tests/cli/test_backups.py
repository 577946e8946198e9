"""`vdb backups` lists what lies in a place of backups."""


def test_a_url_without_backups_says_so(run, untouched, tmp_path):
    assert run("backups", (tmp_path / "none").as_uri()).failed_with("no backups")
    assert run("backups", tmp_path).failed_with("file:///PATH")
    assert run("backup", untouched, "s3://key:hunter22@bucket/x").failed_with("***@bucket")
    assert run("backup", untouched, "-", "--json").failed_with("--json")


def test_the_newest_backup_is_first(run, filled, tmp_path):
    url = (tmp_path / "backups").as_uri()
    for number in (1, 2):
        assert run("backup", filled, url).status == 0
        assert run("create", filled, f"more-{number}", "--dim", 3, "--metric", "l2").status == 0
    infos = run("backups", url, "--json").json["backups"]
    assert len(infos) == 2
    commits = [info["commit"] for info in infos]
    assert commits == sorted(commits, reverse=True)
    assert str(commits[0]) in run("backups", url).out
