"""`vdb cluster check`: whether all shards are sound."""

from __future__ import annotations

from click.exceptions import Exit

from vdb.cli.arguments import clusters, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import command
from vdb.cli.render import output

PROBLEMS = 2
"""The exit status where something is wrong."""


@command("check")
@clusters.url
@clusters.connection_options
@options.json
def check(url: ClusterPlace, *, connection: Connection, json: bool) -> None:
    """Check every byte, link and count of all shards; never write.

    It prints one line for each problem. The exit status is 0 for a sound cluster, else 2.
    """
    with connection.open(url) as cluster:
        problems = cluster.check()
    if json:
        output.json_object({"cluster": str(url), "sound": not problems, "problems": problems})
    else:
        for problem in problems:
            output.sentence("error", str(problem))
        noun = "problem" if len(problems) == 1 else "problems"
        output.line(f"{url}: {f'{len(problems):,} {noun}' if problems else 'sound'}")
    if problems:
        raise Exit(PROBLEMS)
