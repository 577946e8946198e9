"""HTML pages: a check of the path, and writing them completely or not at all."""

from __future__ import annotations

from pathlib import Path

import click

from vdb.store.new_files import replacing

__all__ = ["a_page_place", "write_page"]

_PAGE = b"<!doctype html"


def a_page_place(text: str | Path) -> Path:
    """The path of a page, checked before the work begins: a new file, or an older page."""
    path = Path(text)
    if text == "":
        raise click.BadParameter("an empty path")
    if path.is_dir():
        raise click.BadParameter(f"{path} is a directory")
    if not path.parent.is_dir():
        raise click.BadParameter(f"{path}: there is no directory {path.parent}")
    if path.exists() and not _is_page(path):
        raise click.BadParameter(f"{path} exists already and is no page")
    return path


def write_page(path: Path, page: str) -> None:
    """Writes a page, and replaces an older one; on an error the older one stays."""
    with replacing(path) as (file,):
        file.write_text(page, encoding="utf-8", newline="\n")


def _is_page(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        begin = file.read(len(_PAGE))
    return not begin or begin.lower() == _PAGE
