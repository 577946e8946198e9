"""What commands share that replace shards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar

if TYPE_CHECKING:
    from vdb.cluster import ReshardReport, ShardedCollection

__all__ = ["changing", "print_change"]


@contextmanager
def changing(
    url: ClusterPlace, name: str, connection: Connection
) -> Iterator[tuple[ShardedCollection, Callable[[int, int], None]]]:
    """A collection, and what shows how many records are copied; Ctrl-C says what to do."""
    with connection.open(url) as cluster, progress_bar.stages() as show:
        try:
            yield (
                cluster.collection(name),
                lambda done, total: show(f"copying shards of {name}", done, total),
            )
        except KeyboardInterrupt:
            raise Interrupted(
                "what was done stays, what was begun is taken back; the same command goes on"
            ) from None


def print_change(report: ReshardReport, *, json: bool) -> None:
    """Print what was done to the shards of a collection."""
    if json:
        output.json_object(report)
        return
    if not report.added:
        output.line(f"{report.collection}: nothing had to be changed")
        return
    output.line(
        f"{report.collection}: {', '.join(report.removed)} replaced by {', '.join(report.added)}, "
        f"{report.records:,} records copied, writers stopped for {report.frozen_seconds:.2f} s, "
        f"{report.seconds:.1f} s"
    )
    for shard in report.left:
        output.sentence("warning", f"the directory of {shard} is still there; remove it by hand")
