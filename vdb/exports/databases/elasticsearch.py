"""Elasticsearch and OpenSearch: documents for the bulk interface, and the body of a new index.

    curl -X PUT HOST/docs -H content-type:application/json -d @docs.mapping.json
    curl HOST/docs/_bulk -H content-type:application/x-ndjson --data-binary @docs.ndjson

A document has the vector, the declared fields, which are indexed, and the whole payload, which is
kept only. The schema of the collection is in _meta of the mapping, for the way back. Sources: the
pages on dense_vector, knn_vector, object and the bulk interface in both manuals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import numpy as np

from vdb.exports.content import Content, ExportBatch
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.collection_schema import collection_schema
from vdb.exports.writing.copy_text import vector_texts
from vdb.exports.writing.graph_options import EF_CONSTRUCTION, M, graph_parameters
from vdb.exports.writing.records_beside import json_text
from vdb.exports.writing.requirements import require_metric, required_dim
from vdb.exports.writing.utc_text import utc_text
from vdb.model.config import HNSW
from vdb.model.filters.paths import MISSING, find, names_of
from vdb.model.records import Payload
from vdb.sources.source_format import Option

__all__ = ["FORMAT"]

_VECTOR: Final = "embedding"
_PAYLOAD: Final = "payload"
_SIMILARITIES: Final = {
    "l2": "l2_norm",
    "ip": "max_inner_product",
    "dot": "dot_product",
    "cosine": "cosine",
    "hamming": "l2_norm",  # which counts differing bits of element_type bit
}
_SPACES: Final = {
    "l2": "l2",
    "ip": "innerproduct",
    "dot": "innerproduct",
    "cosine": "cosinesimil",
    "hamming": "hamming",
}
_MOST_DIM: Final = {"elasticsearch": 4_096, "opensearch": 16_000}
_ELEMENTS: Final = {"int8": "byte", "bit": "bit"}
_DATA_TYPES: Final = {"int8": "byte", "bit": "binary"}
_MOST_EF_CONSTRUCTION: Final = 3_200
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "int": {"type": "long"},
    "float": {"type": "double"},
    # Characters of at most four bytes; a term of more than 32,766 bytes is refused.
    "keyword": {"type": "keyword", "ignore_above": 8191},
    "bool": {"type": "boolean"},
    "datetime": {"type": "date"},
}


def _prepare(
    content: Content,
    *,
    engine: str = "elasticsearch",
    M: int | None = None,
    ef_construction: int | None = None,
) -> Writing:
    require_metric(content, engine, tuple(_SIMILARITIES))
    bits = content.dtype == "bit" and engine == "elasticsearch"
    required_dim(content, engine, _MOST_DIM[engine] * (8 if bits else 1))
    notes = []
    graph = None
    if isinstance(content.index, HNSW) or M is not None or ef_construction is not None:
        graph = graph_parameters(content, M, ef_construction)
        if graph.ef_construction > _MOST_EF_CONSTRUCTION:
            notes.append(
                f"the graph has ef_construction {_MOST_EF_CONSTRUCTION:,}, the most of Lucene"
            )
            graph = HNSW(M=graph.M, ef_construction=_MOST_EF_CONSTRUCTION)
    elif engine == "opensearch":
        notes.append("OpenSearch builds a graph all the same, with the parameters of an HNSW index")
        graph = HNSW()
    codes = _codes(content) if engine == "elasticsearch" else None
    if isinstance(content.index, HNSW) and content.index.codes != codes:
        notes.append(f"the graph has no {content.index.codes} codes")
    fields = _fields(content)
    others = [path for path in content.fields if path not in fields]
    if others:
        notes.append(
            f"in the payload only, and not indexed: {', '.join(others)}; another field has that "
            "name or a part of it, it is no name of a field, or has ints beyond 2**63 - 1"
        )
    if content.dtype == "float16":
        notes.append("float16 numbers are widened to float32, which holds them all")
    if content.id_kind == "int":
        notes.append("ids are texts, as each _id is; the mapping says that they were ints")
    if engine == "elasticsearch":
        mapping = {_VECTOR: _dense_vector(content, graph, codes)}
    else:
        assert graph is not None  # noqa: S101 - set above
        mapping = {_VECTOR: _knn_vector(content, graph)}
    body = _body(content, mapping, fields, engine)
    suffixes = (".ndjson", ".mapping.json")
    return Writing(suffixes, partial(_write, content, body, fields, engine), tuple(notes))


def _codes(content: Content) -> str | None:
    """The codes that the index of Elasticsearch can have as well."""
    codes = content.index.codes if isinstance(content.index, HNSW) else None
    odd = codes == "int4" and bool((content.dim or 0) % 2)
    return None if odd else codes


def _dense_vector(content: Content, graph: HNSW | None, codes: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {"type": "flat"}
    if graph is not None:
        kind = "hnsw" if codes is None else f"{codes}_hnsw"
        options = {"type": kind, "m": graph.M, "ef_construction": graph.ef_construction}
    return {
        "type": "dense_vector",
        "dims": content.dim,
        "element_type": _ELEMENTS.get(content.dtype, "float"),
        "index": True,
        "similarity": _SIMILARITIES[content.metric],
        "index_options": options,
    }


def _knn_vector(content: Content, graph: HNSW) -> dict[str, Any]:
    return {
        "type": "knn_vector",
        "dimension": content.dim,
        "data_type": _DATA_TYPES.get(content.dtype, "float"),
        "space_type": _SPACES[content.metric],
        "method": {
            "name": "hnsw",
            "engine": "faiss" if content.dtype == "bit" else "lucene",
            "parameters": {"m": graph.M, "ef_construction": graph.ef_construction},
        },
    }


def _fields(content: Content) -> dict[str, tuple[str, ...]]:
    """The declared fields that are indexed, with the names of their paths."""
    wide = content.wide_fields()
    fields: dict[str, tuple[str, ...]] = {}
    for path in content.fields:
        names = names_of(path)
        taken = {(_VECTOR,), (_PAYLOAD,), *fields.values()}
        clash = any(one[: len(names)] == names or names[: len(one)] == one for one in taken)
        if path not in wide and not clash and all(map(_is_name, names)) and names[0][0] != "_":
            fields[path] = names
    return fields


def _is_name(name: str) -> bool:
    return bool(name) and name == name.strip() and "." not in name and name.isprintable()


def _body(
    content: Content,
    properties: dict[str, Any],
    fields: Mapping[str, tuple[str, ...]],
    engine: str,
) -> dict[str, Any]:
    """The settings and mappings of the index."""
    for path, names in fields.items():
        kind = _TYPES[content.fields[path].removesuffix("[]")]
        _put(properties, [part for name in names for part in (name, "properties")][:-1], kind)
    properties[_PAYLOAD] = {"type": "object", "enabled": False}
    meta = {"vdb": collection_schema(content), "ids": content.id_kind}
    mappings = {"dynamic": False, "_meta": meta, "properties": properties}
    if engine == "elasticsearch":
        return {"mappings": mappings}
    return {"settings": {"index": {"knn": True}}, "mappings": mappings}


def _put(value: dict[str, Any], names: Sequence[str], leaf: Any) -> None:
    """Put a value where these names lead."""
    for name in names[:-1]:
        value = value.setdefault(name, {})
    value[names[-1]] = leaf


def _write(
    content: Content,
    body: Mapping[str, Any],
    fields: Mapping[str, tuple[str, ...]],
    engine: str,
    places: Sequence[Path],
) -> None:
    documents, mapping = places
    text = json.dumps(body, ensure_ascii=False, indent=2)
    mapping.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    with documents.open("w", encoding="utf-8", newline="\n") as file:
        for batch in content.batches():
            file.writelines(_lines(content, batch, fields, engine))


def _lines(
    content: Content, batch: ExportBatch, fields: Mapping[str, tuple[str, ...]], engine: str
) -> Iterator[str]:
    """An action and a document for each record."""
    vectors = _vector_texts(batch, engine)
    missing = repeat(False) if batch.missing is None else batch.missing.tolist()
    for own_id, bare, payload in zip(batch.ids, missing, batch.payloads, strict=False):
        action = json_text({"index": {"_id": str(own_id)}})
        parts = [] if bare else [f'"{_VECTOR}": {next(vectors)}']
        values = json_text(_indexed(content, payload, fields))
        if values != "{}":
            parts.append(values[1:-1])
        if payload is not None:
            parts.append(f'"{_PAYLOAD}": {json_text(payload)}')
        yield f"{action}\n{{{', '.join(parts)}}}\n"


def _vector_texts(batch: ExportBatch, engine: str) -> Iterator[str]:
    """Vectors as JSON: bits as hexadecimal texts, and of OpenSearch as lists of signed bytes."""
    if batch.vectors.dtype != np.uint8:
        # JSON without a point is an int to many, which has no -0. Exponents have two digits.
        return (
            text.replace("-0,", "-0.0,").replace("-0]", "-0.0]")
            for text in vector_texts(batch.present)
        )
    if engine == "opensearch":
        return vector_texts(batch.present.view(np.int8))
    return (f'"{row.tobytes().hex()}"' for row in batch.present)


def _indexed(
    content: Content, payload: Payload, fields: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """The values of the indexed fields."""
    values: dict[str, Any] = {}
    for path, names in fields.items():
        value = find(payload, names)
        if value is MISSING or value is None:
            continue
        if content.fields[path].startswith("datetime"):
            value = [utc_text(one) for one in value] if isinstance(value, list) else utc_text(value)
        _put(values, names, value)
    return values


FORMAT = ExportFormat(
    name="elasticsearch",
    title="documents for the bulk interface of Elasticsearch or OpenSearch, and the body of their "
    "index in PREFIX.mapping.json",
    kind="database",
    suffixes=(".ndjson",),
    prepare=_prepare,
    options=(
        Option(
            "engine",
            "whose mapping is written; elasticsearch if not said",
            choices=("elasticsearch", "opensearch"),
        ),
        M,
        EF_CONSTRUCTION,
    ),
    versions="vdb; the interfaces are those of Elasticsearch 9 and OpenSearch 3, as their manuals "
    "describe them",
    holds="ids, vectors as float, byte or bit, the metric as similarity or space, codes as "
    "int8_hnsw or int4_hnsw, declared fields, whole payloads, records without a vector; the "
    "schema in _meta, for the way back",
    lacks="the metric l1; more than 4,096 dimensions (eight times as many bits), of OpenSearch "
    "16,000. A request takes at most 100 MB: larger files are sent in parts of an even number of "
    "lines",
)
