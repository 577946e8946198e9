"""The field: vdb beside other libraries and databases, each in a process of its own."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.bench.metrics import METRICS
from tools.bench.report import print_table

from . import bars, built, curves, document, inserting, limited, opening, page, pictures, sets
from .built import Case
from .contestants import REQUIRES, Contestant, chosen
from .course import Course
from .environments import Environments, modules
from .process import PeerError
from .store import Store

PROGRAM: Final = "python -m tools.bench"
ROOT: Final = Path(__file__).resolve().parents[3]
HOME: Final = ROOT / ".bench"
RESULTS: Final = HOME / "field" / "results.json"
WHO: Final = "contestants, drivers, `library` or `database`, by commas (default: all)"

Part = Callable[[Course, Case, tuple[Contestant, ...]], None]
PARTS: Final[dict[str, Part]] = {
    "build": built.build,
    "curves": curves.run,
    "opening": opening.run,
    "inserts": inserting.run,
    "limited": limited.run,
}


def read_arguments() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    peers = commands.add_parser("peers", help="the contestants and their versions")
    peers.add_argument("names", nargs="?", help=WHO)
    peers.add_argument("--install", action="store_true", help="make the environments they need")
    draw = commands.add_parser("draw", help="tables, a page and pictures of what was measured")
    draw.add_argument("--json", type=Path, default=RESULTS, help=f"default: {RESULTS.name}")
    draw.add_argument("--out", type=Path, help="folder (default: beside the results)")
    draw.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    _add_field(commands.add_parser("field", help="measure; a run takes up where one was left"))
    return parser.parse_args()


def _add_field(field: argparse.ArgumentParser) -> None:
    field.add_argument("--peers", help=WHO)
    field.add_argument(
        "--sets",
        default="100kx128",
        help="by commas: real, real-unit (of --data), or made ones like 100kx128 (the default)",
    )
    field.add_argument("--metrics", default="l2", help="by commas: l2, ip, cosine (default l2)")
    field.add_argument("--parts", default=",".join(PARTS), help="by commas (default: %(default)s)")
    field.add_argument(
        "--data",
        type=Path,
        default=ROOT / "docs" / "sample",
        help="folder with paragraphs.f16.npy (n, dim) and queries.f16.npy (m, dim)",
    )
    field.add_argument("--dtype", choices=sets.DTYPES, default="float32", help="of made files")
    field.add_argument("--rounds", type=_count, default=5, help="interleaved (default 5)")
    field.add_argument("--builds", type=_count, default=1, help="rounds of builds (default 1)")
    field.add_argument(
        "--threads", type=_count, default=2, help="of builds and inserts (default 2)"
    )
    field.add_argument("--queries", type=_count, default=1_000, help="in a call, at most")
    field.add_argument("--seconds", type=float, default=0.5, help="of a timed call, about")
    field.add_argument(
        "--together",
        type=_count,
        default=0,
        help="how many are loaded at a time beside the reference (default: as many as fit)",
    )
    field.add_argument("--again", action="store_true", help="also what has been measured")
    field.add_argument("--quick", action="store_true", help="10kx128, 2 rounds: does all run?")
    field.add_argument("--discard", action="store_true", help="delete indexes after each set")
    field.add_argument("--json", type=Path, default=RESULTS)


def _count(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, not {text!r}")
    return int(text)


def main() -> int:
    """0: done; 1: a bar was missed; 2: cannot run."""
    arguments = read_arguments()
    if arguments.command == "draw":
        return draw(arguments)
    try:
        contestants = chosen(arguments.names if arguments.command == "peers" else arguments.peers)
        if arguments.command == "peers":
            return show(contestants, install=arguments.install)
        return measure(arguments, contestants)
    except (ValueError, FileNotFoundError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2


def show(contestants: tuple[Contestant, ...], *, install: bool) -> int:
    """Print the contestants and their versions; with `install`, install them first."""
    environments = Environments(HOME / "peers")
    if install:
        _install(environments, contestants)
    for one in contestants:
        try:
            facts = environments.facts(one, HOME / "field" / "asked" / one.slug)
            text = f"{facts['version']}  {facts.get('instructions') or ''}"
        except PeerError as error:
            text = str(error)
        print(f"{one.name:16}  {REQUIRES[one.module] or 'this checkout':26}  {text}")
        if one.lacks:
            print(f"{'':16}  {one.lacks}")
    return 0


def _install(environments: Environments, contestants: tuple[Contestant, ...]) -> None:
    for module in modules(contestants):
        if not environments.installed(module):
            print(f"installing {REQUIRES[module]} ...", file=sys.stderr, flush=True)
        try:
            environments.install(module)
        except PeerError as error:
            print(f"cannot be installed: {REQUIRES[module]}: {error}", file=sys.stderr)


def measure(arguments: argparse.Namespace, contestants: tuple[Contestant, ...]) -> int:
    """Measure what is asked for and has not been measured."""
    parts = arguments.parts.split(",")
    metrics = arguments.metrics.split(",")
    for names, choices in ((parts, tuple(PARTS)), (metrics, METRICS)):
        if unknown := [name for name in names if name not in choices]:
            raise ValueError(f"{', '.join(unknown)} is not one of {', '.join(choices)}")
    environments = Environments(HOME / "peers")
    _install(environments, contestants)
    course = Course(
        HOME / "field",
        Store(arguments.json),
        environments,
        rounds=2 if arguments.quick else arguments.rounds,
        builds=arguments.builds,
        threads=arguments.threads,
        queries=200 if arguments.quick else arguments.queries,
        seconds=0.1 if arguments.quick else arguments.seconds,
        ones=20 if arguments.quick else 100,
        together=arguments.together,
        again=arguments.again,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    course.store.begin({**course.parameters, "k": course.k, "rounds": course.rounds})
    for name in ["10kx128"] if arguments.quick else arguments.sets.split(","):
        files = sets.prepare(name, course.folder / "data", arguments.data, arguments.dtype)
        for metric in metrics:
            for part in parts:
                course.say(f"{files.name} {metric}: {part}")
                PARTS[part](course, Case(files, metric), contestants)
            if arguments.discard:
                built.discard(course, Case(files, metric))
    return 0


def draw(arguments: argparse.Namespace) -> int:
    """Write Markdown, the page and the pictures; print the bars."""
    if not arguments.json.exists():
        print(f"{PROGRAM}: {arguments.json} is not there; measure first", file=sys.stderr)
        return 2
    store = Store(arguments.json)
    folder = arguments.out or arguments.json.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "field.md").write_text(document.write(store, arguments.clock), encoding="utf-8")
    (folder / "field.html").write_text(page.write(store, arguments.clock), encoding="utf-8")
    written = [folder / "field.md", folder / "field.html"]
    try:
        written += pictures.write(store, folder, arguments.clock)
    except ImportError:
        print("no matplotlib, so no pictures", file=sys.stderr)
    rows = list(bars.verdicts(store, arguments.clock))
    print_table(rows)
    print("\n".join(str(path) for path in written))
    return 1 if any(row.passed is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
