"""Words of other products for our names, so that an error can suggest the right one.

No synonym is accepted: one thing has one name. They only go into messages.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from vdb.errors import ArgumentTypeError

__all__ = [
    "DTYPES",
    "FIELD_TYPES",
    "METRICS",
    "hinting",
    "suggestion",
    "unknown_argument",
    "with_hints",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_LONGEST = 32  # characters of a word that is compared with others


def _table(**words: str) -> Mapping[str, str]:
    """Synonyms, in small letters and digits only -> our names."""
    return MappingProxyType({word: ours for ours, many in words.items() for word in many.split()})


METRICS = _table(
    l2="euclidean euclid euclideandistance l2sq l2squared l2distance sqeuclidean",
    ip="innerproduct inner dotproduct maxinnerproduct mips",
    cosine="cos cosinesimilarity cosinedistance angular",
    l1="manhattan manhattandistance cityblock taxicab l1distance",
    hamming="hammingdistance bitwise binary",
)
"""Metrics."""

DTYPES = _table(
    float32="float float64 double single f32 fp32 f4",
    float16="half f16 fp16 f2 bfloat16 bf16",
    int8="byte uint8 i8 i1",
    bit="bits bool boolean binary b1",
)
"""Types of stored vectors."""

FIELD_TYPES = _table(
    int="integer long int64 int32",
    float="double number real float64 float32",
    keyword="str string text varchar",
    bool="boolean",
    datetime="date time timestamp",
)
"""Types of declared fields."""

_PARAMETERS = {
    "k": "limit topk nresults numresults nneighbors nneighbours kneighbors numneighbors size n",
    "where": "filter filters queryfilter expr filterexpression wherefilter",
    "threshold": "scorethreshold minscore radius maxdistance distancethreshold certainty",
    "with_payloads": "withpayload includemetadata includepayload outputfields include",
    "with_vectors": "withvector includevectors includevalues includeembeddings",
    "ef": "hnswef efsearch numcandidates efs",
    "q": "query queryvector vector embedding queryembedding",
    "Q": "queries queryvectors queryembeddings vectors",
    "vectors": "embeddings embedding vector values data",
    "payloads": "payload metadata metadatas documents attributes properties objects",
    "ids": "id keys key positive positives like",
    "changes": "payload payloads metadata metadatas set values fields update updates patch",
    "dim": "dimension dimensions dims ndim vectorsize size d",
    "metric": "distance space metrictype similarity distancemetric measure",
    "offset": "skip start from page",
    "after": "searchafter cursor pagetoken startafter",
    "limit": "top take n count size first maxresults",
    "columns": "include outputfields select fields payloadkeys",
    "diversity": "mmr lambdamult mmrlambda mmrthreshold",
    "candidates": "fetchk prefetch mmrprefetchk candidateslimit",
    "group_by": "groupbyfield groupfield distinct collapse distinctby",
    "default": "fallback defaultvalue missing ifmissing",
    "per_group": "groupsize hitspergroup",
    "not_like": "negative negatives notlike",
    "exist_ok": "getorcreate ifnotexists ifnotexist recreate",
    "on_duplicate": "onconflict ifexists duplicates policy onexisting",
    "M": "maxconnections",
    "ef_construction": "efconstruct constructionef efc",
    "codes": "quantization quantisation quantizer compression",
    "indexing_threshold": "fullscanthreshold flatsearchcutoff threshold exactbelow",
    "fields": "schema payloadschema",
    "analyzer": "tokenizer tokeniser language stemmer analyser",
    "stored": "store keep",
    "positions": "withpositions phrases",
    "path": "location uri url persistdirectory dbpath directory",
    "threads": "njobs numthreads numworkers workers nthreads",
    "progress": "callback showprogress verbose",
    "create": "exists createifmissing",
    "read_only": "readonly",
    "scores": "convention",
    "model": "modelname embeddingmodel embeddingfunction encoder",
    "payload_encoder": "default jsonencoder serializer serialiser payloads",
}
"""Parameters -> synonyms; a synonym may belong to several, of which a function has one."""


def suggestion(
    word: str, allowed: Iterable[str], elsewhere: Mapping[str, str] = MappingProxyType({})
) -> str | None:
    """The allowed word that was probably meant, or None."""
    words = list(allowed)
    if len(word) > _LONGEST:
        return None
    plain = _plain(word)
    for allowed_word in words:
        if _plain(allowed_word) == plain:
            return allowed_word
    if elsewhere.get(plain) in words:
        return elsewhere[plain]
    from difflib import get_close_matches  # only an error needs it

    return next(iter(get_close_matches(word.casefold(), words, n=1, cutoff=0.75)), None)


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))


def with_hints(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The function or coroutine, whose error for an unknown parameter suggests the right one."""
    if inspect.iscoroutinefunction(function):
        return _coroutine_with_hints(function)

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            # No frame below this one: it was the call itself that failed.
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                _refuse_unknown(function, kwargs)
            raise

    return call


def _coroutine_with_hints(function: Callable[_P, Any]) -> Callable[_P, Any]:
    @functools.wraps(function)
    async def call(*args: _P.args, **kwargs: _P.kwargs) -> Any:
        try:
            coroutine = function(*args, **kwargs)
        except TypeError:
            _refuse_unknown(function, kwargs)
            raise
        return await coroutine

    return call


def hinting(kind: type[_R]) -> type[_R]:
    """The class, whose constructor does the same as `with_hints`."""
    kind.__init__ = with_hints(kind.__init__)  # type: ignore[method-assign]  # takes and does the same
    return kind


def _refuse_unknown(function: Callable[..., Any], kwargs: Mapping[str, object]) -> None:
    """Raise for the first argument that is no parameter of the function, if there is one."""
    parameters = [name for name in inspect.signature(function).parameters if name != "self"]
    unknown = next((name for name in kwargs if name not in parameters), None)
    if unknown is None:
        return
    what = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    raise unknown_argument(what, unknown, parameters) from None


def unknown_argument(what: str, name: str, parameters: Iterable[str]) -> ArgumentTypeError:
    """The error for an argument that is none of the parameters; it suggests the right one."""
    parameters, plain = list(parameters), _plain(name)
    matches = [one for one in parameters if plain in _PARAMETERS.get(one, "").split()]
    close = matches[0] if matches else suggestion(name, parameters)
    hint = f"did you mean {close!r}?" if close else f"there are {', '.join(parameters)}"
    return ArgumentTypeError(
        f"{what}() has no parameter {name!r}; {hint}",
        expected=tuple(parameters),
        received=name,
    )
