"""Measures vdb, beside its peers and by itself."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

from tools import environments

PROGRAM = "python -m tools.bench"
HOME = environments.ROOT / ".bench"
NEEDS = ("numpy", "lmdb>=3.0,<4", "msgpack", "hnswlib==0.8.0", "pyarrow>=15")

# Command: module, and whether it measures the vdb that is installed in .bench/venv.
COMMANDS = {
    "own": ("tools.bench.own", True),
    "peers": ("tools.bench.field", True),
    "field": ("tools.bench.field", True),
    "draw": ("tools.bench.field", True),
    "checks": ("tools.bench.checks_cost", False),
    "codes": ("tools.bench.codes_recall", False),
    "tables": ("tools.bench.tables", False),
    "text": ("tools.bench.text", False),
    "langchain": ("tools.bench.langchain_stores", False),
    "cluster": ("tools.bench.cluster", False),
}

USAGE = f"""usage: {PROGRAM} COMMAND [OPTIONS]; {PROGRAM} COMMAND --help

{__doc__}

commands:
  own      vdb's own measures and their bars, beside hnswlib in one process
  peers    the libraries and databases of the field, and their versions; --install installs them
  field    measure the field: recall, rates, builds, openings, inserts, little memory
  draw     tables, a page and pictures of what `field` has measured
  checks   the cost of checksums and bounds checks that cannot be switched off
  codes    recall and time of searches by scalar quantized codes (int8, int4) and by vectors
  tables   adding a table of pyarrow, polars, pandas, DuckDB, beside adding the same as an array
  text     searches of words by the kernel, beside tantivy, bm25s and SQLite FTS5
  langchain  stores of LangChain: adding texts and searching, through their adapters
  cluster  sharded collections over Ray: searches, a build, a split, beside one process

The first four run in an environment of their own, .bench/venv, into which this checkout's vdb is
built whenever a source file has changed. hnswlib is compiled there for this machine; it needs a
C++ compiler. BENCH_PEERS="faiss-cpu usearch" installs more peers for `own`; BENCH_VDB=no leaves
the vdb that is installed there as it is. The field's peers have environments of their own, in
.bench/peers. The others measure the vdb of the Python that runs them.
"""


def main() -> int:
    """0: every bar met; 1: a bar missed; 2: cannot run."""
    if len(sys.argv) < 2 or sys.argv[1] in {"-h", "--help"}:
        print(USAGE, end="")
        return 0 if len(sys.argv) > 1 else 2
    name, arguments = sys.argv[1], sys.argv[2:]
    if name not in COMMANDS:
        print(f"{PROGRAM}: no command {name}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    module, isolated = COMMANDS[name]
    if not isolated:
        sys.argv[1:] = arguments
        importlib.import_module(module).main()
        return 0
    try:
        python = prepare(["matplotlib"] if name == "draw" else [])
    except environments.InstallError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    if module == "tools.bench.field":
        arguments.insert(0, name)
    variables = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    command = environments.command(python, module, *arguments)
    return subprocess.run(command, env=variables, check=False).returncode


def prepare(more: list[str]) -> Path:
    """Install what the benchmarks need, and vdb, into .bench/venv; its interpreter.

    Raises:
        InstallError: One of these cannot be installed.
    """
    environment = environments.Environment(HOME / "venv")
    for one in [*NEEDS, *os.environ.get("BENCH_PEERS", "").split(), *more]:
        name = "".join(letter if letter.isalnum() else "_" for letter in one)
        environment.install(one, (one,), mark=f"installed-{name}")
    if os.environ.get("BENCH_VDB", "yes") == "yes":
        options = (f"--config-settings=build-dir={HOME / 'build'}", ".")
        environment.install(environments.state_of_sources(), options, mark="installed-vdb")
    return environment.python


if __name__ == "__main__":
    sys.exit(main())
