"""Python with a kernel that AddressSanitizer and UndefinedBehaviorSanitizer watch.

    python -m tools.torture sanitize                        the kernel's tests
    python -m tools.torture sanitize tests                  every test
    python -m tools.torture sanitize tests/store -k fork    arguments go to pytest
    python -m tools.torture sanitize --python FILE ...      a script; -m MODULE works as well

The kernel is built into an environment of its own, .build/sanitize. Linux with gcc. Exits as pytest
or the script does, with 77 where the machine lacks something.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.environments import BUILD_TOOLS, ROOT, Environment, InstallError, state_of_kernel
from tools.torture.shared.campaign import UnavailableError

HOME = ROOT / ".build/sanitize"
FLAGS = "-fsanitize=address,undefined"
COMPILE_FLAGS = (
    f"{FLAGS} -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1 -U_FORTIFY_SOURCE"
)
UNAVAILABLE = 77  # exit code


def main(arguments: list[str]) -> int:
    """The exit code of pytest, or of the script."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments[:1] == ["--python"]:
        options = arguments[1:]
    else:
        options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *(arguments or ["tests/kernel"])]
    try:
        python, variables = prepare()
    except UnavailableError as error:
        print(f"python -m tools.torture sanitize: {error}", file=sys.stderr)
        return UNAVAILABLE
    return subprocess.run([python, *options], cwd=ROOT, env=variables, check=False).returncode


def prepare() -> tuple[Path, dict[str, str]]:
    """An interpreter with a kernel under sanitizers, and the variables of its processes.

    Raises:
        UnavailableError: The kernel cannot be built with sanitizers on this machine.
    """
    environment = Environment(HOME / "venv")
    options = ("--no-build-isolation", f"-Cbuild-dir={HOME / 'build'}")
    options += ("-Ccmake.build-type=RelWithDebInfo", "-Cinstall.strip=false", "-e", ".[test]")
    compiler = {"CXX": os.environ.get("CXX", "g++"), "CXXFLAGS": COMPILE_FLAGS, "LDFLAGS": FLAGS}
    try:
        environment.install(state_of_kernel(), BUILD_TOOLS, options, variables=compiler)
        libraries = [_library("libasan.so"), _library("libubsan.so")]
    except (InstallError, OSError, subprocess.CalledProcessError) as error:
        raise UnavailableError(f"the kernel cannot be built with sanitizers: {error}") from None
    more = os.environ.get("ASAN_OPTIONS", "")
    variables = os.environ | {
        "ASAN_OPTIONS": f"detect_leaks=0:abort_on_error=0:allocator_may_return_null=1:{more}",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "VDB_SANITIZED": "1",
        "LD_PRELOAD": " ".join(libraries),
    }
    _check(environment.python, variables)
    return environment.python, variables


def _library(name: str) -> str:
    command = ["gcc", f"-print-file-name={name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _check(python: Path, variables: dict[str, str]) -> None:
    """An installation over the environment may have left a kernel without sanitizers."""
    command = [python, "-c", "import vdb.kernel._kernel as kernel; print(kernel.__file__)"]
    completed = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    if completed.returncode != 0:
        raise UnavailableError((completed.stdout + completed.stderr)[-3000:].strip())
    if b"__asan_report" not in Path(completed.stdout.strip()).read_bytes():
        raise UnavailableError(f"the kernel was built without sanitizers; remove {HOME}")
