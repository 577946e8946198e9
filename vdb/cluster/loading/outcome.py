"""What became of a piece, as an object of JSON: a report, or an error of vdb's with its fields.

It is how processes of an engine tell it, whatever carries their results.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import vdb.errors as errors_module
from vdb.cluster.loading.piece import PieceReport
from vdb.errors import EngineError, VdbError

__all__ = ["outcome_of_error", "outcome_of_report", "report_of"]


def outcome_of_report(number: int, report: PieceReport) -> dict[str, Any]:
    """The outcome of a piece that is done."""
    return {"number": number, "report": asdict(report)}


def outcome_of_error(error: VdbError) -> dict[str, Any]:
    """The outcome of a piece that is not; fields that JSON does not have come as texts."""
    fields = {name: _plain(value) for name, value in vars(error).items()}
    return {"error": type(error).__name__, "fields": fields}


def report_of(outcome: dict[str, Any]) -> tuple[int, PieceReport]:
    """The number and the report of a piece.

    Raises:
        VdbError: The error that the outcome is of.
    """
    if "error" not in outcome:
        return outcome["number"], PieceReport(**outcome["report"])
    kind = getattr(errors_module, outcome["error"], EngineError)
    error: VdbError = kind.__new__(kind)
    error.__dict__.update(outcome["fields"])
    error.args = (error.message,)
    raise error


def _plain(value: Any) -> Any:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return str(value)
    return value
