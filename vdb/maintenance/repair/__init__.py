"""Repair: a new file from what can be read of a damaged one.

===================  ==================================================================
`operation`          `repair`, from the check of the old file to that of the new one
`record_salvage`     the records of a damaged collection, one by one
`header_salvage`     its header, field by field
`report`             the dataclasses
===================  ==================================================================
"""

from __future__ import annotations

from vdb.maintenance.repair.operation import repair
from vdb.maintenance.repair.report import LostRecord, RepairedCollection, RepairReport

__all__ = ["LostRecord", "RepairReport", "RepairedCollection", "repair"]
