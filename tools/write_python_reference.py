"""Writes the reference of Python from docstrings; with --check, says whether it is stale."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import vdb
from vdb import errors, exports, fusion, lexical, scores, sources
from vdb.model.filters.expression_syntax import Field

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "python.md"

OPENING = """\
# The Python interface

Written by `tools/write_python_reference.py` from the signatures and docstrings themselves, so that
`help(vdb.Collection)` says the same. [First steps](../first-steps.md) shows it at work.

Everything below is a name of the module `vdb`. Arrays are numpy's; *array-like* is what numpy makes
an array of, and what tables hold: columns of pandas, polars and pyarrow. Errors are those
[below](#errors); each is also the builtin that one would catch. A call that raises has changed
nothing.
"""

CHAPTERS: dict[str, tuple[str, ...]] = {
    "Opening": ("open", "Database", "Snapshot"),
    "Collections": ("Collection", "CollectionReader", "HNSW", "Flat"),
    "Async": (
        *("open_async", "AsyncDatabase", "AsyncSnapshot", "AsyncCollection"),
        *("AsyncCollectionReader", "AsyncWalk", "AsyncRecordScan"),
        *("restore_async", "backups_async", "prune_backups_async"),
    ),
    "Filters": ("F", "ID", "Filter", "parse_filter"),
    "What is found": ("Hits", "ManyHits", "Hit", "Record", "Plan"),
    "What is asked about a collection": (
        *("compare_metrics", "calibrate_threshold"),
        *("MetricComparison", "Calibration", "Explanation", "Section", "RecallReport", "Interval"),
        *("SpeedReport", "SpeedPoint", "Tuning", "CurvePoint", "Inspection", "RecordInspection"),
    ),
    "What a database says of itself": (
        *("DatabaseInfo", "CollectionInfo", "GenerationInfo", "PendingRebuild", "NormStats"),
        *("Problem", "Problems", "RepairReport", "RebuildPlan", "RebuildProgress", "RebuildReport"),
    ),
}
"""Where each name stands; what is not listed stands at the end of the last chapter."""
MODULES = {"exports", "fusion", "lexical", "scores", "sources"}
"""Public names that are modules, each with a chapter of its own."""

_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Yields):")
_ENTRY = re.compile(r"(\*{0,2}[A-Za-z_][\w.]*(?:, [A-Za-z_]\w*)*): (.*)")
_MODULE = re.compile(r"\b[a-z_]+\.(?=[A-Z])")


def page() -> str:
    """The whole page."""
    kinds = set(errors.__all__)
    placed = {name for names in CHAPTERS.values() for name in names}
    others = [
        name
        for name in vdb.__all__
        if name not in placed | kinds | MODULES and not name.startswith("__")
    ]
    parts = [OPENING]
    for title, names in CHAPTERS.items():
        parts.append(f"## {title}\n")
        last = title == list(CHAPTERS)[-1]
        for name in (*names, *(others if last else ())):
            parts.extend(thing(f"vdb.{name}", getattr(vdb, name)))
    for module in (scores, lexical, fusion, sources, exports):
        parts.append(f"## {module.__name__.removeprefix('vdb.').capitalize()}\n")
        parts.append(f"{markdown(module)}\n")
        for name in module.__all__:
            parts.extend(thing(f"{module.__name__}.{name}", getattr(module, name)))
    parts.append("## Errors\n")
    parts.append("| error | is also | when |\n|---|---|---|")
    parts.append("\n".join(map(error_row, errors.__all__)) + "\n")
    return "\n".join(parts)


def thing(name: str, value: Any) -> Iterator[str]:
    """One public name: a function, a class with its methods, or an object."""
    yield f"### {name}\n"
    if inspect.isfunction(value):
        yield f"{signature(value, name.rpartition('.')[2])}\n\n{markdown(value)}\n"
        return
    if value is vdb.F:
        yield f"{markdown(type(value))} {markdown(Field)}\n"
        for member in members(Field, set()):
            yield from method("F.x", member, Field)
        return
    if value is vdb.ID:
        yield f"{markdown(type(value))}\n"
        for member in members(type(value), set()):
            yield from method("ID", member, type(value))
        return
    if value is vdb.REMOVE:
        yield f"{markdown(type(value))}\n"
        return
    if dataclasses.is_dataclass(value) and name in ("vdb.HNSW", "vdb.Flat"):
        yield f"{signature(value.__init__, name)}\n"
    bases = [base for base in value.__mro__[1:] if getattr(vdb, base.__name__, None) is base]
    also = (
        f" It has all that [{bases[0].__name__}](#{anchor(bases[0].__name__)}) has."
        if bases
        else ""
    )
    yield f"{markdown(value)}{also}\n"
    inherited = {one for base in bases for one in dir(base)} | same_as_sync(value)
    for member in members(value, inherited):
        yield from method(name.rpartition(".")[2], member, value)


def same_as_sync(kind: type) -> set[str]:
    """The methods of a class of the async face that its class of the sync face describes."""
    twin = getattr(vdb, kind.__name__.removeprefix("Async"), kind)
    if twin is kind:
        return set()
    return {
        name
        for name in dir(twin)
        if inspect.getdoc(getattr(kind, name, None)) == inspect.getdoc(getattr(twin, name))
        or inspect.iscoroutinefunction(getattr(kind, name, None))
    } - {"close"}


def members(kind: type, inherited: set[str]) -> list[str]:
    """The public methods and properties of a class, in the order in which they are written."""
    found = []
    # What Python itself brings (Sequence.index) is not the same text in every release.
    ours = [base for base in kind.__mro__ if base.__module__.partition(".")[0] == "vdb"]
    for base in ours:
        found += [
            name
            for name, member in vars(base).items()
            if not name.startswith("_")
            and name not in inherited
            and (inspect.isfunction(member) or isinstance(member, property))
        ]
    return list(dict.fromkeys(found))


def method(owner: str, name: str, kind: type) -> Iterator[str]:
    """A method or property of a class."""
    member = inspect.getattr_static(kind, name)
    yield f"#### {owner}.{name}\n"
    if not isinstance(member, property):
        yield f"{signature(member, name)}\n"
    yield f"{markdown(member)}\n"


def signature(function: Callable[..., Any], name: str) -> str:
    """A signature as it is written in the source, one parameter a line where it is long."""
    found = inspect.signature(inspect.unwrap(function))
    shown, marked = [], False
    for one in found.parameters.values():
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not marked:
            shown.append("*")
            marked = True
        written = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "") + one.name
        if one.annotation is not one.empty:
            written += f": {annotation(one.annotation)}"
        if one.default is not one.empty:
            written += f" = {one.default!r}" if ": " in written else f"={one.default!r}"
        shown.append(written)
    result = annotation(found.return_annotation)
    after = "" if result in ("None", "") else f" -> {result}"
    flat = f"{name}({', '.join(shown)}){after}"
    if len(flat) > 96:
        flat = "\n".join([f"{name}(", *(f"    {one}," for one in shown), f"){after}"])
    return f"```text\n{flat}\n```"


def annotation(given: object) -> str:
    """An annotation without the modules that its classes come from."""
    if given is inspect.Signature.empty:
        return ""
    text = given if isinstance(given, str) else str(getattr(given, "__name__", given))
    if not isinstance(given, str | type):
        text = str(given)
    return _MODULE.sub("", text)


def markdown(value: object) -> str:
    """A docstring: what is said in prose, then its sections as lists."""
    lines = (inspect.getdoc(value) or "").splitlines()
    out: list[str] = []
    inside = indented = False
    before, _, example = "\n".join(lines).partition("\nExample:\n")
    for line in before.splitlines():
        section = _SECTION.fullmatch(line)
        if section:
            out += [f"**{section[1]}**", ""]
            inside = True
        elif inside and line.startswith("    "):
            entry = _ENTRY.fullmatch(line[4:])
            if entry and not line.startswith("     "):
                out.append(f"- `{entry[1]}`: {entry[2]}")
            else:
                out.append(
                    f"  {line.strip()}" if out[-1].startswith(("- ", "  ")) else line.strip()
                )
        elif line.startswith("    "):
            out += [] if indented else ["```text"]
            out.append(line[4:])
            indented = True
            continue
        else:
            inside = inside and not line
            out.append(line.removesuffix("::") + (":" if line.endswith("::") else ""))
        if indented:
            out.insert(-1, "```")
            indented = False
    if indented:
        out.append("```")
    text = linked("\n".join(out)).strip()
    return f"{text}\n\n```python\n{textwrap.dedent(example)}\n```" if example else text


def linked(text: str) -> str:
    """Code as Markdown has it."""
    return text.replace("``", "`")


def anchor(name: str) -> str:
    """Where the heading of a name is."""
    return f"vdb{name.lower()}"


def error_row(name: str) -> str:
    """One error, with the builtin that it also is."""
    kind = getattr(errors, name)
    builtin = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    text = " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())
    return f"| `{name}` | `{builtin.__name__}` | {linked(text)} |"


def main() -> None:
    """Writes the page, or compares it."""
    fresh = page()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(fresh, encoding="utf-8", newline="\n")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != fresh:
        sys.exit(f"{PAGE.name} is stale: run tools/write_python_reference.py")


if __name__ == "__main__":
    main()
