"""Every command has help, a section in docs/reference/cli.md, and a test file."""

from pathlib import Path

import click
import pytest

from tools import write_cli_reference

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
COMMANDS = write_cli_reference.commands()
GROUPS = [name for name, command in COMMANDS.items() if isinstance(command, click.Group)]


def shown(command):
    """Its parameters but for the hidden ones, which only name a better spelling."""
    return [one for one in command.params if not getattr(one, "hidden", False)]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_has_help_for_itself_and_for_all_it_takes(name):
    command = COMMANDS[name]
    assert command.help
    assert command.help.splitlines()[0].endswith(".")
    for parameter in shown(command):
        assert parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in GROUPS])
def test_a_command_can_answer_in_json(name):
    assert any("--json" in parameter.opts for parameter in COMMANDS[name].params)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_has_a_section_that_names_all_its_options(name):
    section = PAGE.split(f"\n## vdb {name}\n", 1)[1].split("\n## ", 1)[0]
    assert section.count("```") >= 4
    for parameter in shown(COMMANDS[name]):
        assert all(option in section for option in parameter.opts if option.startswith("-"))


def test_there_is_no_section_without_a_command():
    lines = PAGE.splitlines()
    sections = [text.removeprefix("## vdb ") for text in lines if text.startswith("## ")]
    assert sections == list(COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in GROUPS])
def test_a_command_has_a_test_file(name):
    *folders, last = name.split()
    assert HERE.joinpath(*folders, f"test_{last.replace('-', '_')}.py").is_file()
