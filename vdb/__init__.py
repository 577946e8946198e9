"""vdb: an embedded, persistent vector database. What SQLite is to tables, vdb is to vectors.

    import vdb
    db = vdb.open("docs.vdb")
    docs = db.create_collection("docs", dim=3, metric="cosine")
    docs.add(["a", "b"], [[1, 0, 0], [0.6, 0.8, 0]], [{"title": "one"}, {"title": "two"}])
    for hit in docs.search([0.9, 0.1, 0], k=2):
        print(hit.id, hit.score, hit.payload)

What is public is listed in ``vdb.__all__``, and in those of ``vdb.scores``, ``vdb.lexical``,
``vdb.fusion``, ``vdb.sources`` and ``vdb.exports``; everything else may change.
"""

from __future__ import annotations

from vdb.api import import_interrupt as _loading  # first of all

# isort: split
import importlib as _importlib
import typing as _typing

from vdb import scores
from vdb.api import lazy_modules as _later
from vdb.api.collection import Collection
from vdb.api.collection_reader import CollectionReader
from vdb.api.database import Database, open, temporary  # noqa: A004 - vdb.open reads as it should
from vdb.api.record_scan import RecordScan
from vdb.api.snapshot import Snapshot
from vdb.errors import (
    AnalyzerMismatchError,
    ArgumentTypeError,
    BusyError,
    ClosedError,
    CollectionExistsError,
    CommitUnknownError,
    CorruptedError,
    DimensionMismatchError,
    DiskError,
    DiskFullError,
    DuplicateIdError,
    EngineError,
    ForkError,
    FormatVersionError,
    InvalidArgumentError,
    InvalidFilterError,
    InvalidPayloadError,
    InvalidVectorError,
    MapConflictError,
    MetricMismatchError,
    MissingVectorsError,
    ModelMismatchError,
    NotFoundError,
    NotInvertibleError,
    PartialWriteError,
    ReadOnlyError,
    RebuildError,
    RemoteError,
    ShardUnavailableError,
    SnapshotWriteError,
    SourceError,
    StaleError,
    StaleMapError,
    UnsafeFilesystemError,
    VdbError,
)
from vdb.model.config import HNSW, Flat
from vdb.model.grouped_hits import GroupedHits, HitGroup
from vdb.model.hits import Hits, ManyHits
from vdb.model.payload_changes import REMOVE
from vdb.model.payload_encoder import PayloadEncoder
from vdb.model.records import Hit, Plan, Record
from vdb.model.results import WriteCounts
from vdb.model.text_field import Text
from vdb.model.version import __version__

if _typing.TYPE_CHECKING:
    from vdb import exports, fusion, lexical, sources
    from vdb.analysis.calibration.report import Calibration
    from vdb.analysis.comparison.fusions_report import FusionComparison
    from vdb.analysis.comparison.report import MetricComparison
    from vdb.analysis.comparison.sides_report import CollectionComparison
    from vdb.analysis.explanation.explain import Explanation
    from vdb.analysis.inspection.report import Inspection, RecordInspection
    from vdb.analysis.measurement.recall import RecallReport
    from vdb.analysis.measurement.speed import SpeedPoint, SpeedReport
    from vdb.api.asynchronous.backups import (
        backups_async,
        prune_backups_async,
        restore_async,
    )
    from vdb.api.asynchronous.collection import AsyncCollection
    from vdb.api.asynchronous.collection_reader import AsyncCollectionReader
    from vdb.api.asynchronous.database import AsyncDatabase, open_async
    from vdb.api.asynchronous.record_scan import AsyncRecordScan
    from vdb.api.asynchronous.snapshot import AsyncSnapshot
    from vdb.api.asynchronous.walk import AsyncWalk
    from vdb.api.compare_and_calibrate import (
        calibrate_fusion,
        calibrate_threshold,
        compare_collections,
        compare_fusions,
        compare_generations,
        compare_metrics,
    )
    from vdb.api.exporting.report import ExportReport
    from vdb.api.importing.report import ImportReport, VerificationReport
    from vdb.api.restore import backups, prune_backups, restore
    from vdb.index.vectors.tuning import CurvePoint, Tuning
    from vdb.maintenance.check.problems import Problems
    from vdb.maintenance.info import CollectionInfo, DatabaseInfo, GenerationInfo, PendingRebuild
    from vdb.maintenance.rebuild import RebuildPlan, RebuildProgress, RebuildReport
    from vdb.maintenance.repair import RepairReport
    from vdb.maintenance.repository.manifest import BackupInfo
    from vdb.maintenance.repository.report import BackupReport, PruneReport
    from vdb.maintenance.restore import RestoreReport
    from vdb.model.field_values import FieldValues
    from vdb.model.filters import ID, F, Filter, parse_filter
    from vdb.model.interval import Interval
    from vdb.model.norm_stats import NormStats
    from vdb.model.problem import Problem
    from vdb.model.section import Section

__all__ = [
    "HNSW",
    "ID",
    "REMOVE",
    "AnalyzerMismatchError",
    "ArgumentTypeError",
    "AsyncCollection",
    "AsyncCollectionReader",
    "AsyncDatabase",
    "AsyncRecordScan",
    "AsyncSnapshot",
    "AsyncWalk",
    "BackupInfo",
    "BackupReport",
    "BusyError",
    "Calibration",
    "ClosedError",
    "Collection",
    "CollectionComparison",
    "CollectionExistsError",
    "CollectionInfo",
    "CollectionReader",
    "CommitUnknownError",
    "CorruptedError",
    "CurvePoint",
    "Database",
    "DatabaseInfo",
    "DimensionMismatchError",
    "DiskError",
    "DiskFullError",
    "DuplicateIdError",
    "EngineError",
    "Explanation",
    "ExportReport",
    "F",
    "FieldValues",
    "Filter",
    "Flat",
    "ForkError",
    "FormatVersionError",
    "FusionComparison",
    "GenerationInfo",
    "GroupedHits",
    "Hit",
    "HitGroup",
    "Hits",
    "ImportReport",
    "Inspection",
    "Interval",
    "InvalidArgumentError",
    "InvalidFilterError",
    "InvalidPayloadError",
    "InvalidVectorError",
    "ManyHits",
    "MapConflictError",
    "MetricComparison",
    "MetricMismatchError",
    "MissingVectorsError",
    "ModelMismatchError",
    "NormStats",
    "NotFoundError",
    "NotInvertibleError",
    "PartialWriteError",
    "PayloadEncoder",
    "PendingRebuild",
    "Plan",
    "Problem",
    "Problems",
    "PruneReport",
    "ReadOnlyError",
    "RebuildError",
    "RebuildPlan",
    "RebuildProgress",
    "RebuildReport",
    "RecallReport",
    "Record",
    "RecordInspection",
    "RecordScan",
    "RemoteError",
    "RepairReport",
    "RestoreReport",
    "Section",
    "ShardUnavailableError",
    "Snapshot",
    "SnapshotWriteError",
    "SourceError",
    "SpeedPoint",
    "SpeedReport",
    "StaleError",
    "StaleMapError",
    "Text",
    "Tuning",
    "UnsafeFilesystemError",
    "VdbError",
    "VerificationReport",
    "WriteCounts",
    "__version__",
    "backups",
    "backups_async",
    "calibrate_fusion",
    "calibrate_threshold",
    "compare_collections",
    "compare_fusions",
    "compare_generations",
    "compare_metrics",
    "exports",
    "fusion",
    "lexical",
    "open",
    "open_async",
    "parse_filter",
    "prune_backups",
    "prune_backups_async",
    "restore",
    "restore_async",
    "scores",
    "sources",
    "temporary",
]

# Results of what most programs never call: loaded when first asked for, so that importing is quick.
_LATER = {
    "AsyncCollection": "vdb.api.asynchronous.collection",
    "AsyncCollectionReader": "vdb.api.asynchronous.collection_reader",
    "AsyncDatabase": "vdb.api.asynchronous.database",
    "AsyncRecordScan": "vdb.api.asynchronous.record_scan",
    "AsyncSnapshot": "vdb.api.asynchronous.snapshot",
    "AsyncWalk": "vdb.api.asynchronous.walk",
    "BackupInfo": "vdb.maintenance.repository.manifest",
    "BackupReport": "vdb.maintenance.repository.report",
    "Calibration": "vdb.analysis.calibration.report",
    "CollectionComparison": "vdb.analysis.comparison.sides_report",
    "FusionComparison": "vdb.analysis.comparison.fusions_report",
    "CollectionInfo": "vdb.maintenance.info",
    "CurvePoint": "vdb.index.vectors.tuning",
    "DatabaseInfo": "vdb.maintenance.info",
    "Explanation": "vdb.analysis.explanation.explain",
    "ExportReport": "vdb.api.exporting.report",
    "F": "vdb.model.filters",
    "FieldValues": "vdb.model.field_values",
    "Filter": "vdb.model.filters",
    "GenerationInfo": "vdb.maintenance.info",
    "ID": "vdb.model.filters",
    "ImportReport": "vdb.api.importing.report",
    "Inspection": "vdb.analysis.inspection.report",
    "Interval": "vdb.model.interval",
    "MetricComparison": "vdb.analysis.comparison.report",
    "NormStats": "vdb.model.norm_stats",
    "PendingRebuild": "vdb.maintenance.info",
    "Problem": "vdb.model.problem",
    "Problems": "vdb.maintenance.check.problems",
    "PruneReport": "vdb.maintenance.repository.report",
    "RebuildPlan": "vdb.maintenance.rebuild",
    "RebuildProgress": "vdb.maintenance.rebuild",
    "RebuildReport": "vdb.maintenance.rebuild",
    "RecallReport": "vdb.analysis.measurement.recall",
    "RecordInspection": "vdb.analysis.inspection.report",
    "RepairReport": "vdb.maintenance.repair",
    "RestoreReport": "vdb.maintenance.restore",
    "Section": "vdb.model.section",
    "SpeedPoint": "vdb.analysis.measurement.speed",
    "SpeedReport": "vdb.analysis.measurement.speed",
    "Tuning": "vdb.index.vectors.tuning",
    "VerificationReport": "vdb.api.importing.report",
    "backups": "vdb.api.restore",
    "calibrate_fusion": "vdb.api.compare_and_calibrate",
    "calibrate_threshold": "vdb.api.compare_and_calibrate",
    "compare_collections": "vdb.api.compare_and_calibrate",
    "compare_fusions": "vdb.api.compare_and_calibrate",
    "compare_generations": "vdb.api.compare_and_calibrate",
    "compare_metrics": "vdb.api.compare_and_calibrate",
    "backups_async": "vdb.api.asynchronous.backups",
    "open_async": "vdb.api.asynchronous.database",
    "prune_backups_async": "vdb.api.asynchronous.backups",
    "restore_async": "vdb.api.asynchronous.backups",
    "parse_filter": "vdb.model.filters",
    "prune_backups": "vdb.api.restore",
    "restore": "vdb.api.restore",
}


def __getattr__(name: str) -> object:
    """PEP 562: a public name that is not there yet."""
    if name in ("exports", "fusion", "lexical", "sources"):
        return _importlib.import_module(f"vdb.{name}")
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(_importlib.import_module(_LATER[name]), name)
    if hasattr(value, "__qualname__"):
        _later.publish(value, __name__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})


for _name in __all__:
    if hasattr(globals().get(_name), "__qualname__"):
        _later.publish(globals()[_name], __name__)
del _name

_loading.over()
