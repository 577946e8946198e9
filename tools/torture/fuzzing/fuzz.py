"""Coverage-guided fuzzing.

Begins with tests/corpus/TARGET and adds inputs that reach new code to .build/fuzz/corpus/TARGET.
Inputs that fail are left in .build/fuzz/findings: put them into tests/corpus/TARGET when they are
mended. Exits with 1 after a finding, with 77 where the machine lacks a tool.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from tools.environments import BUILD_TOOLS, ROOT, Environment, InstallError, state_of_kernel
from tools.torture.fuzzing.targets import TARGETS
from tools.torture.sanitized import harness
from tools.torture.shared.campaign import UnavailableError

HOME = ROOT / ".build/fuzz"
PROGRAM = "python -m tools.torture fuzz"
KERNEL_TARGETS = ("kernel/graphs", "kernel/decoders")
LIMITS = ("-rss_limit_mb=512", "-timeout=1", "-report_slow_units=1", "-max_len=4096")
LAST_LINES = re.compile(r"^(Done|stat::|.*DONE).*", re.MULTILINE)
UNAVAILABLE = 77  # exit code


def main(arguments: list[str]) -> int:
    """0, or an exit code as above."""
    names = [*TARGETS, *KERNEL_TARGETS]
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="kernel/NAME runs under libFuzzer, others under atheris (default: all)",
    )
    parser.add_argument("--list", action="store_true", help="print the targets")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(names))
        return 0
    if unknown := [name for name in options.targets if name not in names]:
        parser.error(f"no target {', '.join(unknown)}; --list has them")
    findings = 0
    for name in options.targets or names:
        try:
            findings += not fuzz(name, options.seconds)
        except UnavailableError as error:
            print(f"{PROGRAM}: {error}", file=sys.stderr)
            return UNAVAILABLE
    return 1 if findings else 0


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target; whether nothing failed.

    Raises:
        UnavailableError: This machine lacks a tool.
    """
    command = _command(name)
    corpus, seeds, log = HOME / "corpus" / name, ROOT / "tests/corpus" / name, HOME / "logs" / name
    for folder in (corpus, seeds, log.parent, HOME / "findings"):
        folder.mkdir(parents=True, exist_ok=True)
    print(f"== {name}, {seconds} s", flush=True)
    prefix = HOME / "findings" / f"{name.replace('/', '-')}-"
    places = (f"-artifact_prefix={prefix}", str(corpus), str(seeds))
    with log.open("wb") as output:
        completed = subprocess.run(
            [*command, *LIMITS, f"-max_total_time={seconds}", *places],
            cwd=ROOT,
            env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = log.read_text("utf-8", "replace")
    if completed.returncode != 0:
        print(f"FINDING in {name}:", *text.splitlines()[-30:], sep="\n")
    print(*[match[0] for match in LAST_LINES.finditer(text)][-2:], sep="\n", flush=True)
    return completed.returncode == 0


def _command(name: str) -> list[str]:
    if name in KERNEL_TARGETS:
        return [str(harness.build("fuzzer") / f"fuzz_{Path(name).name}")]
    environment = Environment(HOME / "venv")
    options = ("--no-build-isolation", f"-Cbuild-dir={HOME / 'build'}", "-e", ".")
    try:
        environment.install(state_of_kernel(), BUILD_TOOLS, options, ("atheris>=3.0",))
    except (InstallError, OSError) as error:
        raise UnavailableError(str(error)) from None
    return [str(environment.python), "-m", "tools.torture.fuzzing.run", name]
