"""The measurements and explanations of `ShardedCollection`, each on one shard or on all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from vdb.analysis.explanation.report import Explanation
from vdb.analysis.inspection.report import Inspection, RecordInspection
from vdb.analysis.measurement.recall import RecallReport
from vdb.analysis.measurement.speed import SpeedReport
from vdb.api.collection import Collection
from vdb.cluster.client import gathered
from vdb.cluster.client.documented import as_embedded
from vdb.cluster.client.handle import ShardedHandle
from vdb.cluster.client.routing import Call
from vdb.errors import InvalidArgumentError
from vdb.index.vectors.tuning import Tuning
from vdb.model import arguments, config, filters
from vdb.model.records import Id, Progress

__all__ = ["ShardedFigures", "ShardedMeasurements"]


class ShardedFigures(ShardedHandle):
    """Figures and explanations, which change nothing."""

    @as_embedded(Collection.recall)
    def recall(
        self,
        queries: ArrayLike | None = None,
        k: int = 10,
        ef: int | None = None,
        *,
        sample: int = config.SAMPLE,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
        shard: str | None = None,
        timeout: float | None = None,
    ) -> RecallReport:
        """Each shard is measured among its own records, and the figures are put together.

        The recall of merged hits is at least that. `progress` is called when a shard is done.

        Args:
            shard: Measure that shard alone.
            timeout: Seconds for all shards together; the default is an hour.
        """
        call = Call(
            "recall", (queries, k, ef), {"sample": sample, "seed": seed, "threads": threads}
        )
        with self._checking() as twin:
            _checked(twin.recall, queries, k, ef, sample=sample, seed=seed, threads=threads)
        parts = self._measured(call, shard, progress, timeout)
        return gathered.joined_recall(parts)

    @as_embedded(Collection.bench)
    def bench(
        self,
        queries: ArrayLike | None = None,
        k: int = 10,
        *,
        efs: Sequence[int] | None = None,
        sample: int = config.SAMPLE,
        seed: int = 0,
        threads: int | None = 1,
        rounds: int = 5,
        progress: Progress | None = None,
        shard: str | None = None,
        timeout: float | None = None,
    ) -> SpeedReport:
        """One shard is measured, without the way to it. `progress` is called when it is done.

        Args:
            shard: The shard; it must be named where there are several.
            timeout: Seconds; the default is an hour.
        """
        named = {"efs": efs, "sample": sample, "seed": seed, "threads": threads, "rounds": rounds}
        with self._checking() as twin:
            _checked(twin.bench, queries, k, **named)
        name = self._one_shard(shard)
        report: SpeedReport = self._measured(
            Call("bench", (queries, k), named), name, progress, timeout
        )[0]
        return report

    def _measured(
        self, call: Call, shard: str | None, progress: Progress | None, timeout: float | None
    ) -> list[Any]:
        """What one shard answers, or each of those that have something to measure."""
        arguments.callback("progress", progress)
        seconds = _HOUR if timeout is None else self._seconds(timeout)
        names = self._shards() if shard is None else [arguments.text("shard", shard)]
        parts, refused = [], None
        for done, name in enumerate(names, 1):
            try:
                parts.append(self._router.at(name, call, timeout=seconds))
            except InvalidArgumentError as error:  # fewer than two records
                refused = error
            if progress is not None:
                progress(done, len(names))
        if not parts and refused is not None:
            raise refused
        return parts

    @as_embedded(Collection.explain)
    def explain(
        self,
        q: ArrayLike,
        id: Id,  # noqa: A002 - what records call it
        *,
        scores: str | None = None,
        k: int = 10,
        ef: int | None = None,
        target_recall: float | None = None,
        where: Mapping[str, Any] | filters.Filter | None = None,
        timeout: float | None = None,
    ) -> Explanation:
        """It comes from the shard that has the record; its ranks are those within that shard.

        Args:
            timeout: Seconds; the default is the cluster's.
        """
        with self._checking() as twin:
            twin.search(q, k, ef=ef, scores=scores, where=where)
        named = {"scores": scores, "k": k, "ef": ef, "target_recall": target_recall, "where": where}
        explanation: Explanation = self._of_record(Call("explain", (q, id), named), id, timeout)
        return explanation

    @as_embedded(Collection.inspect)
    def inspect(self, *, shard: str | None = None, timeout: float | None = None) -> Inspection:
        """One shard is inspected.

        Args:
            shard: The shard; it must be named where there are several.
            timeout: Seconds; the default is an hour.
        """
        seconds = _HOUR if timeout is None else self._seconds(timeout)
        report: Inspection = self._of_one_shard(shard, Call("inspect"), seconds)
        return report

    @as_embedded(Collection.inspect_record)
    def inspect_record(
        self,
        id: Id,  # noqa: A002 - what records call it
        *,
        timeout: float | None = None,
    ) -> RecordInspection:
        """It comes from the shard that has the record.

        Args:
            timeout: Seconds; the default is the cluster's.
        """
        report: RecordInspection = self._of_record(Call("inspect_record", (id,)), id, timeout)
        return report


class ShardedMeasurements(ShardedFigures):
    """The same, and what is measured to be kept."""

    @as_embedded(Collection.tune)
    def tune(
        self,
        target_recall: float = 0.95,
        k: int = 10,
        *,
        queries: ArrayLike | None = None,
        sample: int = config.SAMPLE,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
        shard: str | None = None,
        timeout: float | None = None,
    ) -> Tuning:
        """Each shard is tuned among its own records, and searches it with its own ef.

        The result is that of the shard with the largest ef. `progress` is called when a shard is
        done.

        Args:
            shard: Tune that shard alone.
            timeout: Seconds for all shards together; the default is an hour.
        """
        with self._checking() as twin:
            _checked(
                twin.tune, target_recall, k,
                queries=queries, sample=sample, seed=seed, threads=threads,
            )  # fmt: skip
        named = {"queries": queries, "sample": sample, "seed": seed, "threads": threads}
        call = Call("tune", (target_recall, k), named)
        tunings: list[Tuning] = self._measured(call, shard, progress, timeout)
        return max(tunings, key=lambda tuning: tuning.ef)


_HOUR = 3600.0


def _checked(method: Any, *args: Any, **named: Any) -> None:
    """Call a measurement of the twin, which has no records to measure, for its other errors."""
    try:
        method(*args, **named)
    except InvalidArgumentError as error:
        if "there is nothing to measure" not in error.message:
            raise
