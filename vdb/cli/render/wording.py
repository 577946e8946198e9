"""The library's messages for the command line: options instead of arguments.

Only the beginning and the end of a message are replaced. The middle may quote names, ids and paths
of the user, and is never changed.
"""

from __future__ import annotations

import re

__all__ = ["in_options"]

_ARGUMENTS = {
    "HNSW.M": "--M",
    "HNSW.ef_construction": "--ef-construction",
    "HNSW.codes": "--codes",
    "dim": "the number of dimensions",
    "diversity": "--diversity",
    "dtype": "--dtype",
    "ef": "--ef",
    "efs": "--ef",
    "engine": "--engine",
    "format": "--from",
    "k": "-k",
    "keep": "--keep",
    "limit": "--limit",
    "lock_timeout": "--lock-timeout",
    "memory_limit": "--memory-limit",
    "metric": "--metric",
    "model": "--model",
    "offset": "--offset",
    "per_group": "--per-group",
    "q": "the query",
    "metrics": "--metrics",
    "sample": "--sample",
    "reason": "--reason",
    "rounds": "--rounds",
    "scores": "--scores",
    "seed": "--seed",
    "source": "--from",
    "target": "--to",
    "target_recall": "--target-recall",
    "threads": "--threads",
    "threshold": "--threshold",
    "to_metric": "--to-metric",
    "to_scores": "--to-scores",
    "validate": "--least-recall",
}

_PLACES = {
    "per_group belongs to group_by=": "--per-group belongs to --group-by",
    "source must be that of a directory": "SOURCE must be a directory",
    "target must be that of a directory": "DEST must be a directory",
}
"""Beginnings that the pattern below does not replace, or would replace by another option."""

_ENDINGS = {
    '; ":memory:" is a temporary database': "",
    "; rebuild(keep_previous=True) keeps the one before": (
        "; vdb rebuild --keep-previous keeps the one before"
    ),
    "; format= says which": "; --from says which",
    "; name one with format=": "; name one with --to",
    "; overwrite=True replaces it": "; --force replaces it",
    "; give dim=": "; --dim says it",
    "; id=row takes row numbers": "; --ids-from names another, --no-records takes row numbers",
    "; id= names another": "; --ids-from names another",
    "or keep the dtype and give codes='int8' for scalar quantization; nothing was changed": (
        "or give --codes int8 in place of --dtype int8 for scalar quantization; nothing was changed"
    ),
    "or keep the dtype and give codes='int8' for scalar quantization": (
        "or give --codes int8 in place of --dtype int8 for scalar quantization"
    ),
    "db.create_collection makes one": "vdb create makes one",
    "or wait longer with lock_timeout=": "or wait longer with --lock-timeout",
    " is given twice in one call": " is given twice",
    "; give scores= for the new generation": "; give --scores for the new generation",
    "; give metric= too": "; give --metric too",
    "; give dtype= too": "; give --dtype too",
    "; say accept_loss=True to go on": "; --accept-loss goes on all the same",
    "; start anew with resume=False": "; start anew with --restart",
    "; rebuild it with keep_previous=True next time": "; rebuild it with --keep-previous next time",
    "or say validate=False (or a lower bound) to use it all the same": (
        "or use it all the same with --no-validate or a smaller --least-recall"
    ),
    "; open an existing database with read_only=True": "; info, search and check can read it there",
    "; give unit_norms=True if all, queries included, have length 1": (
        "; --unit-norms says that all, queries included, have length 1"
    ),
    " (row numbers are not ids)": "; for row numbers, --rows-of names the file they count",
    "; create_collection(..., optional_vectors=True) makes a collection whose records need none": (
        "; vdb create --optional-vectors makes a collection whose records need none"
    ),
    '; upsert replaces it, on_duplicate="skip" leaves it as it is': (
        "; --upsert replaces it, --resume skips it"
    ),
}

_EXAMPLE = re.compile(r"(ids|not_like)\[\d+\]: (?=collection|record)")
"""How a message about an example of `more_like` begins."""

_ARGUMENT = re.compile(rf"({'|'.join(map(re.escape, _ARGUMENTS))})(?= (?:must|may|is|has|holds)\b)")


def in_options(message: str) -> str:
    """``message``, with the names of options in place of arguments."""
    for beginning, replacement in _PLACES.items():
        if message.startswith(beginning):
            message = replacement + message.removeprefix(beginning)
    if match := _EXAMPLE.match(message):
        message = ("--like: " if match[1] == "ids" else "--not-like: ") + message[match.end() :]
    if match := _ARGUMENT.match(message):
        message = _ARGUMENTS[match[1]] + message[match.end() :]
    for ending, replacement in _ENDINGS.items():
        if message.endswith(ending):
            return message.removesuffix(ending) + replacement
    return message
