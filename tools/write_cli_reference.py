"""Writes the reference of the command line from --help, or, with --check, compares it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.testing import CliRunner

from vdb.cli.app import app

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "cli.md"

OPENING = """\
# The command line

Written by `tools/write_cli_reference.py` from the commands themselves.

`vdb` works on one database, a directory, a time, or on [a cluster](../guide/cluster.md). Everything
it does can be done in Python as well.

- Answers go to standard output, as text for people or, with `--json`, as one JSON object.
- Complaints are one line on standard error. The exit status is **0** when all went well, **1** for
  an error, **2** when `check` found problems or `import` left rows out, **3** when shards of a
  cluster are missing from an answer, **130** after Ctrl-C, **141** when the reader of standard
  output went away, as in `vdb ... | head`.
- `vdb --install-completion` teaches bash, zsh or fish to complete commands, directories and
  collections; `vdb --show-completion SHELL` prints the script that does so.
- `info`, `inspect`, `search`, `compare`, `calibrate`, `check`, `export`, `atlas` and `backup` open
  the database read-only and leave every byte of it as it was.
- Files of vectors and of queries are `.npy` files, one row a record, or any other that
  [vdb.sources](../sources.md) reads. Queries in `.npy` files are mapped, not loaded; nothing is
  ever unpickled.
"""

EXAMPLES = {
    "create": "vdb create peps.vdb peps --dim 384 --metric cosine",
    "info": "vdb info peps.vdb peps",
    "import": "vdb import peps.vdb peps docs/sample/paragraphs.f16.npy --create --metric cosine "
    "--field section:keyword",
    "bench": "vdb bench peps.vdb peps --queries docs/sample/queries.f16.npy",
    "search": "vdb search peps.vdb peps --vector docs/sample/queries.f16.npy:3 -k 5",
    "export": "vdb export peps.vdb peps --out peps",
    "inspect": "vdb inspect peps.vdb peps",
    "explore": "vdb explore peps.vdb",
    "atlas": "vdb atlas peps.vdb peps --output map.parquet",
    "calibrate": "vdb calibrate peps.vdb peps docs/sample/queries.f16.npy --threshold 0.7 "
    "--to-metric ip",
    "backup": "vdb backup peps.vdb copy.vdb",
    "backups": "vdb backups file://$PWD/backups",
    "restore": "vdb restore copy.vdb peps.vdb",
    "compact": "vdb compact peps.vdb",
    "values": "vdb values peps.vdb peps section --order count --limit 10",
    "index-field": "vdb index-field peps.vdb peps text text=english",
    "compare": "vdb compare peps.vdb peps docs/sample/queries.f16.npy",
    "tune": "vdb tune peps.vdb peps --target-recall 0.95",
    "scores": "vdb scores 0.83 --metric cosine --from elasticsearch --to native --explain",
    "fusions": "vdb fusions qdrant-rrf",
    "rebuild": "vdb rebuild peps.vdb peps --metric ip --keep-previous",
    "check": "vdb check peps.vdb",
    "rename": "vdb rename peps.vdb peps peps-2024",
    "alias": "vdb alias peps.vdb current peps",
    "drop": "vdb drop peps.vdb peps --yes",
    "get": "vdb get peps.vdb peps pep-0238/981",
    "count": """vdb count peps.vdb peps --where '{"pep": 8}'""",
    "cluster": "vdb cluster demo",
    "cluster create": "vdb cluster create peps-cluster peps --dim 384 --metric cosine --shards 4",
    "cluster status": "vdb cluster status peps-cluster",
    "cluster load": "vdb cluster load peps-cluster peps docs/sample/paragraphs.f16.npy",
    "cluster reshard": "vdb cluster reshard peps-cluster peps 8",
    "cluster move": "vdb cluster move peps-cluster peps peps-000004 local",
    "cluster backup": "vdb cluster backup peps-cluster --keep 2",
    "cluster restore": "vdb cluster restore peps-cluster peps peps-000001 local --accept-loss",
    "cluster check": "vdb cluster check peps-cluster",
    "cluster demo": "vdb cluster demo --records 500",
}

AFTER = {
    "compare": """\
Line *i* of the labels belongs to row *i* of the queries. `query` is shown where metrics differ; a
query without `relevant` counts for agreement only:

```json
{"query": "Style Guide for Python Code: Indentation", "relevant": ["pep-0008/133", "pep-0008/134"]}
{"query": "Tabs or spaces?"}
```
""",
    "rebuild": """\
Options that are left out stand for what the collection has. `--dry-run` says whether it can be
done, which records stand against it, and what it takes. `--keep-previous` makes `--rollback`
possible, which takes along what was written since and keeps, in its turn, what it went back from.

A rebuild that was stopped (Ctrl-C, `kill -9`, a full disk) leaves the collection as it was, and
what was built so far beside it: `vdb info` shows it, the same command or `--resume` goes on,
`--discard` removes it.
""",
    "import": """\
Each line of the `.jsonl` file is one object. Its field `id` (or the one that `--ids-from` names) is
the id, a string or a whole number; the rest is the payload. An object of nothing but an id and a
field `payload` has exactly that payload, which need not be an object then:

```json
{"id": "pep-0008/12", "pep": 8, "section": "Indentation", "text": "Use 4 spaces."}
{"id": "pep-0008/13", "payload": ["any", {"JSON": "value"}]}
```

A `.parquet` file (with the extra `parquet`) has all of it in columns: the one called `vector`, or
the only one of lists of numbers; `id`, or the one that `--ids-from` names; and the others, which
make the payload. Moments become texts in ISO 8601. A row without a vector, or with null in it, is
refused.

Both describe no collection, unless `vdb export` wrote them. They are added to one that is there, or
make one with `--create`, of float32 if nothing else is said; the first row that cannot be a record
ends the import, unless `--no-strict` lets such rows be left out and listed. An index or a database
of another system makes the collection as it was there: metric, scores, index, dtype and fields; its
options go first. `--records`, `--no-records` and `--ids-from` are short for `-o records=FILE`,
`-o records=none` and `-o id=FIELD`.

With `--optional-vectors` a null row is a record without a vector, and so is a line with `"vector":
null`, to which no row of the `.npy` file belongs: it has as many rows as other lines.

With `--create`, what options leave out is as in the collection that `vdb export` wrote the files
of: it puts metric, dtype, index, scores, model and fields into `PREFIX.json`, or into the Parquet
file's metadata. Options that are given come first.

With `--strict`, ids that stand twice, and lines that cannot be read, are found before anything is
written.

With `--json` the result has `collection`, `read`, `added`, `replaced`, `existing`, `refused` with
`refusals`, `seconds` and what else an `ImportReport` has; of `.npy` and `.parquet` files `rows`
too, and `skipped` as the number of records that were there already.

Without a `.jsonl` file, or with `--no-records`, the ids are the row numbers, counted from 0, and
there are no payloads.

The first commit makes the collection too: an import that fails before it leaves none behind. For a
collection that is there, options that describe one (`--index`, `--M`, ...) must agree with it.
""",
}


def commands() -> dict[str, click.Command]:
    """All commands by the words after ``vdb``, those of a group behind it.

    One that is in a group as well has one section.
    """
    named: dict[str, click.Command] = {}
    for name, command in app.commands.items():
        named[name] = command
        if isinstance(command, click.Group):
            for below, one in command.commands.items():
                if one not in app.commands.values():
                    named[f"{name} {below}"] = one
    return named


def page() -> str:
    """The whole page."""
    parts = [OPENING]
    for name in commands():
        parts.append(f"## vdb {name}\n")
        parts.append(f"```sh\n{EXAMPLES[name]}\n```\n")
        parts.append(f"```text\n{help_of(name)}\n```\n")
        if name in AFTER:
            parts.append(AFTER[name])
    return "\n".join(parts)


def help_of(name: str) -> str:
    """What ``vdb NAME --help`` prints, 100 columns wide whatever the terminal is."""
    shown = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="vdb", terminal_width=100)
    if shown.exit_code != 0:
        sys.exit(f"vdb {name} --help failed: {shown.output}")
    return "\n".join(text.rstrip() for text in shown.output.strip().splitlines())


def main() -> None:
    """Writes the page, or compares it."""
    fresh = page()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(fresh, encoding="utf-8", newline="\n")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != fresh:
        sys.exit(f"{PAGE.name} is stale: run tools/write_cli_reference.py")


if __name__ == "__main__":
    main()
