"""`vdb fusions`: the table of fusions, or everything about one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vdb.cli.arguments import options
from vdb.cli.arguments.command import argument, command
from vdb.cli.render import output

if TYPE_CHECKING:
    from vdb.fusion import Fusion


@command("fusions")
@argument("name", metavar="NAME", required=False, help="A fusion; without one, the table.")
@options.json
def fusions(name: str | None, *, json: bool) -> None:
    """Show how engines make one ranking of several: ranks, weights, normalizers, precisions.

    With NAME: everything about one fusion.
    """
    from vdb import fusion as fusing  # no other command needs it

    if name is not None:
        facts = _facts(fusing.describe(name))
        if json:
            output.json_object(facts)
        else:
            title = f"{facts.pop('fusion')}, {facts.pop('engine')}"
            lines = [(fact.replace("_", " "), _shown(value)) for fact, value in facts.items()]
            output.table(title, None, [line for line in lines if line[1]])
        return
    rows = fusing.fusions()
    if json:
        output.json_object({"fusions": [_facts(row) for row in rows]})
        return
    output.table(
        f"{len(rows)} fusions (all about one: vdb fusions NAME)",
        ["fusion", "score", "rank of the best", "missing", "precision"],
        [
            (
                row.name,
                row.formula,
                "" if row.rank_base is None else str(row.rank_base),
                row.missing,
                row.dtype,
            )
            for row in rows
        ],
    )


def _facts(row: Fusion) -> dict[str, Any]:
    from vdb.fusion.fusion_text import fusion_facts

    return {fact.replace(" ", "_"): value for fact, value in fusion_facts(row).items()}


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {text}" for name, text in value.items())
    return "" if value is None else str(value)
