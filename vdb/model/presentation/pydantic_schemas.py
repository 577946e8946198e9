"""What pydantic asks of a class: how it is read, how it is written, and its JSON schema.

pydantic, and FastAPI through it, calls ``__get_pydantic_core_schema__`` of `Hit`, `Record`, `Hits`,
`ManyHits`, `HitGroup` and `GroupedHits`, which import this module. Hits and records are read from
objects or from dicts, results of searches from objects alone: a list of hits does not say what its
scores mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic_core import core_schema

from vdb.model.presentation.json_dicts import hit_dict, record_dict

__all__ = [
    "grouped_hits_schema",
    "hit_group_schema",
    "hit_schema",
    "hits_schema",
    "many_hits_schema",
    "record_schema",
]

_ID = core_schema.union_schema(
    [core_schema.int_schema(strict=True), core_schema.str_schema(strict=True)]
)
_NUMBER = core_schema.float_schema(allow_inf_nan=False, strict=True)
_VECTOR = core_schema.list_schema(
    core_schema.union_schema([core_schema.int_schema(strict=True), _NUMBER])
)
_ANYTHING = core_schema.any_schema()


def _fields(title: str, required: dict[str, Any], optional: dict[str, Any]) -> Any:
    """The schema of a dict with these keys."""
    fields = {
        name: core_schema.typed_dict_field(schema, required=name in required)
        for name, schema in (required | optional).items()
    }
    return core_schema.typed_dict_schema(
        fields, extra_behavior="forbid", metadata={"pydantic_js_updates": {"title": title}}
    )


def _hit_fields(number: Any) -> Any:
    required = {"id": _ID, "score": number, "value": number}
    optional = {"payload": _ANYTHING, "vector": core_schema.nullable_schema(_VECTOR)}
    return _fields("Hit", required, optional)


def _schema(kind: type, read: Any, write: Callable[[Any], Any], written: Any) -> Any:
    """Objects of a class as they are, others by way of their fields."""
    made = core_schema.no_info_after_validator_function(lambda fields: _made(kind, fields), read)
    return core_schema.json_or_python_schema(
        json_schema=made,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(kind), made]),
        serialization=core_schema.plain_serializer_function_ser_schema(
            write, return_schema=written
        ),
    )


def _made(kind: type, fields: dict[str, Any]) -> Any:
    vector = fields.get("vector")
    return kind(**{**fields, "vector": None if vector is None else np.asarray(vector)})


def hit_schema(kind: type) -> Any:
    """The schema of `Hit`."""
    written = _hit_fields(core_schema.nullable_schema(_NUMBER))
    return _schema(kind, _hit_fields(_NUMBER), hit_dict, written)


def record_schema(kind: type) -> Any:
    """The schema of `Record`."""
    vector = core_schema.nullable_schema(_VECTOR)
    fields = _fields("Record", {"id": _ID, "vector": vector}, {"payload": _ANYTHING})
    return _schema(kind, fields, record_dict, fields)


def hits_schema(kind: type) -> Any:
    """The schema of `Hits`: written as a list of hits."""
    return _written_only(kind, core_schema.list_schema(_hit_fields(_nullable())))


def many_hits_schema(kind: type) -> Any:
    """The schema of `ManyHits`: written as a list of lists of hits, one for each query."""
    hits = core_schema.list_schema(_hit_fields(_nullable()))
    return _written_only(kind, core_schema.list_schema(hits))


def hit_group_schema(kind: type) -> Any:
    """The schema of `HitGroup`: written as a dict of its value and its hits."""
    return _written_only(kind, _group_fields(), lambda group: group.to_dict())


def grouped_hits_schema(kind: type) -> Any:
    """The schema of `GroupedHits`: written as a list of groups."""
    return _written_only(kind, core_schema.list_schema(_group_fields()))


def _group_fields() -> Any:
    value = core_schema.union_schema(
        [core_schema.bool_schema(strict=True), _ID, core_schema.float_schema(strict=True)]
    )
    hits = core_schema.list_schema(_hit_fields(_nullable()))
    return _fields("HitGroup", {"value": value, "hits": hits}, {})


def _nullable() -> Any:
    return core_schema.nullable_schema(_NUMBER)


def _written_only(
    kind: type, written: Any, write: Callable[[Any], Any] = lambda hits: hits.to_dicts()
) -> Any:
    refused = core_schema.no_info_after_validator_function(_refuse, written)
    return core_schema.json_or_python_schema(
        json_schema=refused,
        python_schema=core_schema.is_instance_schema(kind),
        serialization=core_schema.plain_serializer_function_ser_schema(
            write, return_schema=written
        ),
    )


def _refuse(_: object) -> Any:
    raise ValueError("results come from a search; a list of hits is read as list[vdb.Hit]")
