"""The house: few rooms, few floors, no circles, and no file that is too long to read."""

import ast
import statistics
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "vdb"
MOST_ENTRIES = 21
MOST_FLOORS = 12
MOST_LINES = 400
KERNEL = ("*.h", "*.cpp", "*.inc")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCE.rglob("*.py")}


def imports_of(module):
    """The modules that a module names in any import, also one for a type checker alone."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                one = f"{node.module}.{name.name}"
                yield one if one in MODULES else node.module


def circles(graph):
    """The sets of nodes that lead to each other (Tarjan, SIAM J. Comput. 1, 1972)."""
    order, lowest, stack, sets = {}, {}, [], []

    def visit(node):
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for other in graph[node]:
            if other not in order:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], order[other])
        if lowest[node] == order[node]:
            start = stack.index(node)
            sets.append(stack[start:])
            del stack[start:]

    for node in graph:
        if node not in order:
            visit(node)
    return [sorted(one) for one in sets if len(one) > 1]


def lines_of_code(path):
    """Lines that are neither empty nor of a docstring."""
    text = path.read_text(encoding="utf-8")
    documentation = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            documentation.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(1 for number, line in lines if line.strip() and number not in documentation)


def test_the_package_has_few_entries():
    entries = sorted(path.name for path in SOURCE.iterdir() if path.name != "__pycache__")
    assert len(entries) <= MOST_ENTRIES, entries


def test_each_package_has_few_floors_and_the_linter_knows_all_of_them():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    linter = config["tool"]["importlinter"]
    assert not linter.get("exclude_type_checking_imports", False)
    layered = [one for one in linter["contracts"] if one["type"] == "layers"]
    for one in layered:
        assert one["exhaustive"], one["name"]
        assert len(one["layers"]) <= MOST_FLOORS, one["name"]
    contracts = {container for one in layered for container in one["containers"]}
    packages = {"analysis", "api", "cli", "index", "maintenance", "model", "query", "store"}
    assert contracts >= {"vdb", *(f"vdb.{name}" for name in packages)}


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        module: [name for name in imports_of(module) if name in MODULES and name != module]
        for module in MODULES
    }
    assert circles(graph) == []


def test_a_circle_would_be_seen():
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == [["a", "b", "c"]]


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=module_of)
def test_no_file_is_too_long_to_read(path):
    assert lines_of_code(path) <= MOST_LINES


@pytest.mark.parametrize(
    "path",
    sorted(path for kind in KERNEL for path in SOURCE.rglob(kind)),
    ids=lambda path: path.relative_to(SOURCE).as_posix(),
)
def test_no_file_of_the_kernel_is_too_long_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_usual_file_is_read_in_some_minutes():
    files = [*MODULES.values(), *(path for kind in KERNEL for path in SOURCE.rglob(kind))]
    sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in files]
    assert 80 <= statistics.median(sizes) <= 200
