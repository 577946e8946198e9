"""The words of each format version: records hold metrics, dtypes and codes by their names."""

from __future__ import annotations

from vdb.store.format import limits
from vdb.store.format.versions import FORMAT_VERSION

WORDS = {
    1: {
        "METRICS": ("l2", "ip", "cosine", "dot", "l1", "hamming"),
        "DTYPES": ("float32", "float16", "int8", "bit"),
        "INDEX_TYPES": ("hnsw", "flat"),
        "CODES": ("int8", "int4"),
        "TUNING_SOURCES": ("given", "stored", "automatic"),
        "ID_KINDS": ("int", "str"),
    },
}
WORDS[2] = WORDS[1]
"""By version. A version that was released is not changed: its releases would misread a new word."""


def test_a_new_metric_dtype_or_code_is_a_new_format_version():
    assert {name: getattr(limits, name) for name in WORDS[FORMAT_VERSION]} == WORDS[FORMAT_VERSION]


def test_every_version_can_say_what_the_one_before_could():
    for version in range(2, FORMAT_VERSION + 1):
        for name, words in WORDS[version - 1].items():
            assert set(words) <= set(WORDS[version][name])
