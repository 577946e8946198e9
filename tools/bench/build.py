"""Seconds from vectors in memory to an index that answers; vdb's is then on disk, committed."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from .recall import REFERENCE
from .report import Row
from .stand import Stand
from .timing import interleave, median, median_ratio

MOST_ROUNDS: Final = 3  # a build is long enough to be steady
ALLOWED_RATIO: Final = 1.0
CASES: Final = {"real": ("l2", "ip", "cosine"), "synthetic": ("l2", "ip")}


def run(stand: Stand) -> Iterator[Row]:
    """Build with two threads, interleaved."""
    settings = stand.settings
    names = (["vdb"] if settings.with_vdb else []) + list(settings.peers)
    for dataset, metric in stand.cases(CASES):
        peers = {name: stand.new_peer(name, dataset, metric) for name in names}
        calls = {name: partial(stand.build, peer, dataset) for name, peer in peers.items()}
        laps = interleave(calls, min(MOST_ROUNDS, settings.rounds))
        for peer in peers.values():
            peer.close()
        seconds = {name: [one.seconds(settings.clock) for one in laps[name]] for name in names}
        for name in names:
            build_seconds = median(laps[name], settings.clock)
            busy = median(laps[name], "cpu")
            figures = {"seconds": build_seconds, "cpu": busy}
            measured = f"{build_seconds:.2f} s  (processor {busy:.2f} s)"
            ratio = None
            if name != REFERENCE and REFERENCE in seconds:
                ratio = median_ratio(seconds[name], seconds[REFERENCE])
                measured = f"{measured}  {ratio:.2f}x"
            barred = name == "vdb" and ratio is not None
            yield Row(
                f"build {metric}, {settings.threads} threads, {name}",
                dataset.label,
                f"<= {ALLOWED_RATIO}x {REFERENCE}" if barred else "",
                measured,
                ratio <= ALLOWED_RATIO if barred and ratio is not None else None,
                {**figures, "ratio": ratio},
            )
