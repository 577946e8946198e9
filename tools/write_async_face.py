"""Writes the async face from the sync one; with --check, says whether it is stale.

Each public method of `Database`, `Snapshot`, `CollectionReader` and `Collection` becomes a
coroutine of the same name, arguments and docstring. Which thread it runs in follows from the class,
except for the methods listed here.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SYNC = ROOT / "vdb" / "api"
ASYNC = SYNC / "asynchronous"

READS = frozenset(
    {"Database.aliases", "Database.collection", "Database.collections", "Database.info"}
)
"""Methods that only read although their class writes. Those of readers and snapshots do so all."""

LONG_READS = frozenset(
    {
        *("Database.backup", "Database.check", "CollectionReader.export"),
        *(f"CollectionMeasurements.{name}" for name in ("bench", "inspect", "recall")),
        *("CollectionGenerations.plan_rebuild", "Collection.rows_within"),
    }
)
"""Methods that read for seconds or more, and so get a thread of their own."""

LONG_WRITES = frozenset(
    {
        *(
            "Database.import_source",
            "Database.repair",
            "Collection.index_field",
            "Collection.tune",
        ),
        *(f"CollectionGenerations.{name}" for name in ("commit_rebuild", "rebuild", "rollback")),
    }
)
"""Methods that take long and let other writers have their turn meanwhile."""

WRITERS = frozenset({"Collection", "CollectionGenerations", "Database"})
"""Classes whose methods write."""

BY_HAND = frozenset({"Database.batch", "Database.close", "Database.snapshot", "Snapshot.close"})
PLAIN_PROPERTIES = frozenset({"path", "read_only", "name"})
"""Properties that read nothing from the database. Others become methods to be awaited."""

RESULTS = {
    "Hits": "readable({})",
    "Hits | GroupedHits": "readable({})",
    "ManyHits": "readable({})",
    "problems_module.Problems": "checked({})",
}
"""What a worker thread still does to a result, by its type."""

ITERATED = {"Iterator[Id]": "AsyncWalk[Id]", "RecordScan": "AsyncRecordScan"}
"""What is iterated over with ``async for``, by what the sync face iterates over."""

BACKUPS = {
    "restore": """
It runs in a thread of its own. When the task is cancelled, it is stopped at its next progress
report, the copy is removed and nothing has changed; a backup that is in its place by then stays.
Only then is CancelledError raised: its attribute ``committed`` says whether the backup is in its
place.
""",
    "backups": """
It runs in a thread of its own, whose end a cancelled task does not wait for.
""",
    "prune_backups": """
It runs in a thread of its own, to its end even when the task is cancelled. Only then is
CancelledError raised: its attribute ``committed`` says whether the backups are removed.
""",
}
"""What the docstrings of the functions about backups say besides."""

ENDINGS = {"restore": "RESTORED", "backups": "None", "prune_backups": "PRUNED"}
"""What it means that one was completed although its task was cancelled; None: it only reads."""

FACES = {
    "Collection": "AsyncCollection",
    "CollectionGenerations": "AsyncCollectionGenerations",
    "CollectionMeasurements": "AsyncCollectionMeasurements",
    "CollectionReader": "AsyncCollectionReader",
    "CollectionSearches": "AsyncCollectionSearches",
    "Database": "AsyncDatabase",
    "Snapshot": "AsyncSnapshot",
}
BASES = {
    "Database": "DatabaseHandle",
    "Snapshot": "SnapshotHandle",
    "CollectionSearches": "ReaderHandle",
    "CollectionMeasurements": "ReaderHandle",
    "CollectionGenerations": "ReaderHandle",
    "CollectionReader": "AsyncCollectionSearches, AsyncCollectionMeasurements",
    "Collection": "AsyncCollectionGenerations, AsyncCollectionReader",
}
MODULES = {
    "Database": "database",
    "Snapshot": "snapshot",
    "CollectionSearches": "collection_searches",
    "CollectionMeasurements": "collection_measurements",
    "CollectionGenerations": "collection_generations",
    "CollectionReader": "collection_reader",
    "Collection": "collection",
}

DOCUMENTATION = {
    "Database": """
One open database, for a program with an event loop. Made by `open_async`.

It has the methods of `Database`, as coroutines: ``await db.collections()``. In place of ``in`` and
``len()`` it and its collections have ``contains`` and ``count``. It belongs to the event loop of
asyncio in which it was opened.

Calls run in threads of its own: writing calls one after the other in one, in the order in which
they were made; reads in ``max_readers`` others; those that take long in more. A ``progress``
function is called in the thread of its call, not in the event loop.

When a task is cancelled while it awaits a call, a read is abandoned. A writing call that has not
begun does not begin. One that has begun is stopped and undone if it takes a ``progress``, or else
runs to its end, and only then is CancelledError raised. Its attribute ``committed`` says whether
what the call writes is in the database (None: unknown, after a failure of the disk); a note says
the same in words.
""",
    "Snapshot": """
One moment of a database: all reads see the same commit. Made by `AsyncDatabase.snapshot`.

``async with db.snapshot() as moment:`` takes it when the block begins and releases it at the end;
``moment = await db.snapshot()`` takes it at once, for ``await moment.close()``. While it is open,
space that later commits free cannot be used again. Any number of tasks may share it.
""",
    "CollectionSearches": "The searches of `AsyncCollectionReader`, as coroutines.",
    "CollectionGenerations": "The generations of `AsyncCollection`, as coroutines.",
    "CollectionMeasurements": "The measurements of `AsyncCollectionReader`, as coroutines.",
    "CollectionReader": """
One collection, for reading. Made by `AsyncSnapshot.collection`; `AsyncCollection` is one, too.

It has the methods of `CollectionReader`, as coroutines; ``ids`` and ``scan`` are iterated over with
``async for``. Properties that are read from the database are methods: ``await docs.metric()``. Any
number of tasks may share it.
""",
    "Collection": """
One collection of a database, for reading and writing. Made by `AsyncDatabase.collection`.

It has the methods of `Collection`, as coroutines. Each writing call is a commit of its own, unless
it stands inside ``async with db.batch():``; `AsyncDatabase` says what becomes of one whose task is
cancelled.
""",
}

OPENING = """
@with_hints
async def open_async({parameters}) -> AsyncDatabase:
    {docstring}
    return await opened(
        AsyncDatabase,
        lambda: open_database({passed}),
        lock_timeout=lock_timeout,
        max_readers=max_readers,
    )
"""
MAX_READERS = "max_readers: Threads that read at the same time, 1..256."
SNAPSHOT = '''
    def snapshot(self) -> AsyncSnapshot:
        """An `AsyncSnapshot` of the moment at which it is entered or awaited, for reading.

        It shows the newest commit, also inside a batch.

        Example:
            async with db.snapshot() as moment:
                docs = await moment.collection("docs")
                hits = await docs.search(q)
        """
        return AsyncSnapshot(self._sync, self._calls)
'''
ROWS = "rows: Items that a worker thread reads at a time; see `AsyncWalk`."


class SyncModule:
    """One module of the sync face, by its class, or by its own name where it has none."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.source = (SYNC / f"{MODULES.get(kind, kind)}.py").read_text(encoding="utf-8")
        self.tree = ast.parse(self.source)
        bodies = {one.name: one.body for one in self.tree.body if isinstance(one, ast.ClassDef)}
        self.body = bodies.get(kind, [])

    def text(self, node: ast.AST) -> str:
        """The source of a node."""
        return ast.get_source_segment(self.source, node) or ""

    def functions(self) -> list[ast.FunctionDef]:
        """The public methods and properties of the class."""
        return [
            node
            for node in self.body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]

    def imports(self) -> dict[str, str]:
        """The statement that imports each name, or each module that is loaded when needed."""
        statements: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = "" if isinstance(node, ast.Import) else f"from {node.module} "
                for name in node.names:
                    alias = f" as {name.asname}" if name.asname else ""
                    statements[name.asname or name.name] = f"{module}import {name.name}{alias}"
        return statements

    def later(self) -> dict[str, tuple[str, str]]:
        """Of each module that is loaded when needed: its import for checkers, its assignment."""
        lines: dict[str, tuple[str, str]] = {}
        for node in self.tree.body:
            if isinstance(node, ast.If) and self.text(node.test) == "TYPE_CHECKING":
                names = {
                    name.asname
                    or name.name: f"from {one.module} import {name.name} as {name.asname}"
                    for one in node.body
                    if isinstance(one, ast.ImportFrom)
                    for name in one.names
                }
                for one in node.orelse:
                    if isinstance(one, ast.Assign):
                        name = self.text(one.targets[0])
                        lines[name] = names[name], self.text(one)
        return lines


def face(kind: str) -> str:
    """The module of one class of the async face, before it is formatted."""
    module = SyncModule(kind)
    methods = [text for node in module.functions() for text in method(module, node)]
    if kind == "Database":
        methods.append(SNAPSHOT)
    paragraphs = DOCUMENTATION[kind].strip().split("\n\n")
    documentation = "\n\n".join(textwrap.fill(one, 96) for one in paragraphs)
    code = f"class {FACES[kind]}({BASES[kind]}):\n"
    end = "\n" if "\n" in documentation else ""
    code += textwrap.indent(f'"""{documentation}{end}"""\n\n', "    ")
    writer = "Database" if kind == "Database" else "Collection"
    code += f"    _sync: {writer}\n" if kind in WRITERS else ""
    code += "\n".join(methods)
    names = [FACES[kind]]
    if kind == "Database":
        code = opening(module) + code
        names.append("open_async")
    head = f'"""The class `{FACES[kind]}`. Written by tools/write_async_face.py; do not edit."""\n'
    head += "\nfrom __future__ import annotations\n\n"
    return f"{head}{imports(module, code)}\n__all__ = {names}\n\n{code}"


def backups() -> str:
    """The module of the functions about backups, before it is formatted."""
    module = SyncModule("restore")
    functions = {node.name: node for node in module.tree.body if isinstance(node, ast.FunctionDef)}
    code = ""
    for name, more in BACKUPS.items():
        node = functions[name]
        passed, parameters = arguments_of(module, node)
        before, mark, rest = (ast.get_docstring(node) or "").partition("\n\nArgs:\n")
        paragraph = textwrap.fill(more.replace("\n", " ").strip(), 96)
        text = f"{before}\n\n{paragraph}{mark}{rest}"
        text = re.sub(rf"vdb\.{name}\b", f"vdb.{name}_async", text)
        code += f"async def {name}_async({', '.join(parameters)}) -> {module.text(node.returns)}:\n"
        call = f"{name}({passed})"
        argument = "call" if "call." in call else "_"
        body = f"return await lone_call(lambda {argument}: {call}, {ENDINGS[name]})"
        code += indented(f'"""{docstring(text)}\n"""\n{body}') + "\n\n"
    head = '"""Backups outside a database, for a program with an event loop.\n\n'
    head += 'Written by tools/write_async_face.py; do not edit.\n"""\n\n'
    head += "from __future__ import annotations\n\n"
    names = [f"{name}_async" for name in sorted(BACKUPS)]
    return f"{head}{imports(module, code)}\n__all__ = {names}\n\n{code}"


def imports(module: SyncModule, code: str) -> str:
    """The imports that the code needs."""
    used = names_in(ast.parse(code))
    handles = "vdb.api.asynchronous.handles"
    statements = {
        **module.imports(),
        "AsyncRecordScan": "from vdb.api.asynchronous.record_scan import AsyncRecordScan",
        "AsyncWalk": "from vdb.api.asynchronous.walk import AsyncWalk",
        "open_database": "from vdb.api.database import open as open_database",
        **{
            name: f"from vdb.api.asynchronous.lone_call import {name}"
            for name in ("PRUNED", "RESTORED", "lone_call")
        },
        **{name: f"from vdb.api.restore import {name}" for name in BACKUPS},
        **{name: f"from {handles} import {name}" for name in ("checked", "opened", "readable")},
    }
    for kind, path in MODULES.items():
        if kind != module.kind:
            where = f"vdb.api.asynchronous.{path}"
            statements[FACES[kind]] = f"from {where} import {FACES[kind]}"
        statements[kind] = f"from vdb.api.{path} import {kind}"
        if BASES[kind].endswith("Handle"):
            statements[BASES[kind]] = f"from {handles} import {BASES[kind]}"
    lines = {statements[name] for name in sorted(used & set(statements))}
    later = {name: pair for name, pair in module.later().items() if name in used}
    for name in later:
        lines.discard(module.imports().get(name, ""))
    text = "\n".join(sorted(lines)) + "\n"
    if later:
        text += "from typing import TYPE_CHECKING\nfrom vdb.api import lazy_modules\n"
        text += "\nif TYPE_CHECKING:\n"
        text += "".join(f"    {checked}\n" for checked, _ in later.values())
        text += "else:\n" + "".join(f"    {assigned}\n" for _, assigned in later.values())
    return text


def names_in(tree: ast.AST) -> set[str]:
    """The names that code uses, but for the parameters that its functions have."""
    names = {tree.id} if isinstance(tree, ast.Name) else set()
    for node in ast.iter_child_nodes(tree):
        names |= names_in(node)
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        parameters = {one.arg for one in (*tree.args.args, *tree.args.kwonlyargs)}
        annotations = [tree.args, *filter(None, [tree.returns]), *tree.decorator_list]
        body = set().union(*(names_in(node) for node in tree.body))
        return body - parameters | set().union(*(names_in(node) for node in annotations))
    return names


def method(module: SyncModule, node: ast.FunctionDef) -> Iterator[str]:
    """One method or property; nothing where it is written by hand."""
    decorators = [module.text(one) for one in node.decorator_list]
    name = f"{module.kind}.{node.name}"
    if name in BY_HAND:
        return
    if "overload" in decorators:
        lines = module.source.splitlines()[node.lineno - 1 : node.end_lineno]
        yield "    @overload\n" + "\n".join(lines).replace("def ", "async def ", 1) + "\n"
        return
    returned = module.text(node.returns) if node.returns else "None"
    documentation = ast.get_docstring(node) or ""
    if "property" in decorators and node.name in PLAIN_PROPERTIES:
        text = f"@property\ndef {node.name}(self) -> {returned}:\n"
        text += indented(f'"""{documentation}"""\nreturn self._sync.{node.name}')
        yield textwrap.indent(text, "    ")
        return
    passed, parameters = arguments_of(module, node)
    call = f"self._sync.{node.name}"
    if "property" not in decorators:
        call += f"({passed})"
    text = "".join(f"@{one}\n" for one in decorators if one == "with_hints")
    if walk := ITERATED.get(returned):
        star = "" if any(one.startswith("*") for one in parameters) else "*, "
        parameters.append(f"{star}rows: int = 1000")
        head = f"def {node.name}(self, {', '.join(parameters)}) -> {walk}:"
        documentation = with_argument(without_returns(documentation), ROWS)
        made = walk.partition("[")[0]
        body = f"return {made}(lambda: {call}, rows, self._calls, self._place())"
    else:
        face_name = FACES.get(returned, returned)
        head = f"async def {node.name}({', '.join(['self', *parameters])}) -> {face_name}:"
        body = awaited(name, call, returned)
    text += f"{head}\n" + indented(f'"""{docstring(documentation)}\n"""\n{body}')
    yield textwrap.indent(text, "    ")


def awaited(name: str, call: str, returned: str) -> str:
    """The body of a coroutine: the call of the sync face, in the thread that it belongs to."""
    work = RESULTS.get(returned, "{}").format(call)
    argument = "call" if "call." in work else "_"
    work = f"lambda {argument}: {work}"
    if name in LONG_READS | LONG_WRITES:
        dispatched = f"await self._calls.long({work}, writes={name in LONG_WRITES})"
    else:
        kind, _, _ = name.partition(".")
        reads = name in READS or kind not in WRITERS
        dispatched = f"await self._calls.{'read' if reads else 'write'}({work})"
    if returned in FACES:
        return f"return {FACES[returned]}({dispatched}, self._calls)"
    return dispatched if returned == "None" else f"return {dispatched}"


def arguments_of(module: SyncModule, node: ast.FunctionDef) -> tuple[str, list[str]]:
    """How the sync method is called, and the parameters as they are written."""
    found = node.args
    defaults = [None] * (len(found.args) - len(found.defaults)) + list(found.defaults)
    passed, written = [], []
    for one, default in zip(found.args, defaults, strict=True):
        if one.arg != "self":
            written.append(parameter(module, one, default))
            passed.append(one.arg)
    if found.kwonlyargs:
        written.append("*")
    for one, default in zip(found.kwonlyargs, found.kw_defaults, strict=True):
        written.append(parameter(module, one, default))
        value = "call.reporting(progress)" if one.arg == "progress" else one.arg
        passed.append(f"{one.arg}={value}")
    if found.kwarg is not None:
        written.append(f"**{module.text(found.kwarg)}")
        passed.append(f"**{found.kwarg.arg}")
    return ", ".join(passed), written


def parameter(module: SyncModule, argument: ast.arg, default: ast.expr | None) -> str:
    """One parameter, with its annotation and default."""
    text = module.text(argument)
    return text if default is None else f"{text} = {module.text(default)}"


def opening(module: SyncModule) -> str:
    """The function `open_async`."""
    node = next(
        one for one in module.tree.body if isinstance(one, ast.FunctionDef) and one.name == "open"
    )
    passed, parameters = arguments_of(module, node)
    documentation = with_argument(ast.get_docstring(node) or "", MAX_READERS)
    documentation, _, _ = documentation.partition("\n\nExample:")
    documentation += '\n\nExample:\n    async with await vdb.open_async("notes.vdb") as db:\n'
    documentation += "        print(await db.collections())\n"
    return OPENING.format(
        parameters=", ".join([*parameters, "max_readers: int = 4"]),
        docstring=textwrap.indent(f'"""{documentation}"""', "    ").strip(),
        passed=passed,
    )


def with_argument(documentation: str, line: str) -> str:
    """The docstring with one more line at the end of its arguments."""
    before, mark, arguments = documentation.partition("\n\nArgs:\n")
    if not mark:
        sys.exit(f"this docstring has no Args section, which the async face adds to: {before}")
    listed, gap, rest = arguments.partition("\n\n")
    return f"{before}{mark}{listed}\n    {line}{gap}{rest}"


def without_returns(documentation: str) -> str:
    """The docstring without what it says of an iterator of the sync face."""
    before, mark, returns = documentation.partition("\n\nReturns:\n")
    return before + returns[returns.find("\n\n") :] if mark else documentation


def indented(text: str) -> str:
    """A body."""
    return textwrap.indent(text, "    ") + "\n"


# Examples in docstrings


def docstring(text: str) -> str:
    """The docstring of a sync method, for its coroutine."""
    text = text.replace("``with db.batch():``", "``async with db.batch():``")
    before, mark, example = text.partition("\nExample:\n")
    if not mark:
        return text
    return before + mark + textwrap.indent(example_awaited(textwrap.dedent(example)), "    ")


def example_awaited(code: str) -> str:
    """An example of the sync face, as it is written with the async one."""
    tree = ast.parse(code)
    around = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    lines = code.splitlines()
    edits: list[
        tuple[int, int, str, int]
    ] = []  # line, column, text, and how many columns it replaces
    for node in ast.walk(tree):
        role, parent = role_of(node, around), around.get(node)
        if role == "block":
            statement = around[around[node]]
            edits.append((statement.lineno, statement.col_offset, "async ", 0))
        elif role == "walk":
            edits += walk_edits(node, parent)
        elif role:
            tight = isinstance(parent, ast.Attribute | ast.Subscript)
            edits.append((node.lineno, node.col_offset, "(await " if tight else "await ", 0))
            end = ("()" if role == "property" else "") + (")" if tight else "")
            edits.append((node.end_lineno, node.end_col_offset, end, 0))
    # From the end; at one place an inner node's first, which then stands behind the outer one's.
    numbered = [(line, column, i, *rest) for i, (line, column, *rest) in enumerate(edits)]
    for line, column, _, text, replaced in sorted(numbered, reverse=True):
        before, after = lines[line - 1][:column], lines[line - 1][column + replaced :]
        lines[line - 1] = before + text + after
    return "\n".join(lines)


def role_of(node: ast.AST, around: dict[ast.AST, ast.AST]) -> str:
    """Whether a node is a "call" or "property" to be awaited, a "walk" or a "block"; or nothing."""
    parent = around.get(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        kind, name = owner_of(node.func.value), node.func.attr
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "vdb":
            return "call" if name.endswith("_async") else ""
        if kind == "Database" and name in ("batch", "snapshot"):
            return "block" if isinstance(parent, ast.withitem) else "call"
        if name in ("ids", "scan") and kind == "Collection":
            return "walk"
        return "call" if kind else ""
    if isinstance(node, ast.Attribute) and not (
        isinstance(parent, ast.Call) and parent.func is node
    ):
        kind = owner_of(node.value)
        return "property" if kind and node.attr not in PLAIN_PROPERTIES else ""
    return ""


def owner_of(node: ast.AST) -> str:
    """The class of an object in an example, by its usual name; or nothing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        made = node.func.attr in ("collection", "create_collection")
        return "Collection" if made and owner_of(node.func.value) else ""
    usual = {"db": "Database", "docs": "Collection", "notes": "Collection", "moment": "Snapshot"}
    return usual.get(node.id, "") if isinstance(node, ast.Name) else ""


def walk_edits(node: ast.Call, parent: ast.AST | None) -> list[tuple[int, int, str, int]]:
    """What makes a loop over ids or records an asynchronous one."""
    if isinstance(parent, ast.comprehension):
        return [(parent.target.lineno, parent.target.col_offset - len("for "), "async ", 0)]
    if isinstance(parent, ast.For):
        return [(parent.lineno, parent.col_offset, "async ", 0)]
    if (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id == "list"
    ):
        end = parent.end_col_offset or 0
        return [
            (parent.lineno, parent.col_offset, "[one async for one in ", len("list(")),
            (parent.end_lineno or 0, end - 1, "]", 1),
        ]
    sys.exit(
        f"an example of a docstring uses {ast.unparse(node)} in a way that this tool cannot turn"
    )


def formatted(code: str) -> str:
    """Code as `tools/format` leaves it."""
    ruff = str(Path(sys.executable).parent / "ruff")
    name = ["--stdin-filename", str(ASYNC / "module.py"), "-"]
    for command in (["check", "--quiet", "--fix-only"], ["format"]):
        done = subprocess.run(
            [ruff, *command, *name], input=code, capture_output=True, text=True, check=False
        )
        code = done.stdout
    return code


def main() -> None:
    """Writes the modules, or compares them."""
    stale = []
    texts = {name: face(kind) for kind, name in MODULES.items()} | {"backups": backups()}
    for name, text in texts.items():
        path = ASYNC / f"{name}.py"
        fresh = formatted(text)
        if sys.argv[1:] != ["--check"]:
            path.write_text(fresh, encoding="utf-8", newline="\n")
        elif not path.is_file() or path.read_text(encoding="utf-8") != fresh:
            stale.append(path.name)
    if stale:
        sys.exit(
            f"the async face is stale ({', '.join(stale)}): run\n"
            "    .venv/bin/python tools/write_async_face.py\n"
            "and commit what it writes. A method that takes long belongs into one of its lists."
        )


if __name__ == "__main__":
    main()
