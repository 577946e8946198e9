"""`vectordbbench vdb`."""

from typing import Annotated, Unpack

import click

from ....cli.cli import (
    CommonTypedDict,
    cli,
    click_parameter_decorators_from_typed_dict,
    run,
)
from .. import DB


class VdbTypedDict(CommonTypedDict):
    path: Annotated[
        str, click.option("--path", type=str, help="The directory of the database", required=True)
    ]
    durability: Annotated[
        str,
        click.option("--durability", type=click.Choice(["full", "relaxed"]), default="full"),
    ]
    m: Annotated[int, click.option("--m", type=int, default=16, help="Links of a node")]
    ef_construction: Annotated[
        int,
        click.option(
            "--ef-construction", type=int, default=200, help="Candidates while it is built"
        ),
    ]
    codes: Annotated[
        str | None,
        click.option("--codes", type=click.Choice(["int8", "int4"]), help="A walk over codes"),
    ]
    ef: Annotated[int, click.option("--ef", type=int, default=100, help="Candidates of a search")]


@cli.command()
@click_parameter_decorators_from_typed_dict(VdbTypedDict)
def Vdb(**parameters: Unpack[VdbTypedDict]):
    from .config import VdbConfig, VdbIndexConfig

    run(
        db=DB.Vdb,
        db_config=VdbConfig(
            db_label=parameters["db_label"],
            path=parameters["path"],
            durability=parameters["durability"],
        ),
        db_case_config=VdbIndexConfig(
            M=parameters["m"],
            ef_construction=parameters["ef_construction"],
            codes=parameters["codes"],
            ef=parameters["ef"],
        ),
        **parameters,
    )
