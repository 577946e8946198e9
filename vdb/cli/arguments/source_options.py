"""Which source is meant, and the options that stand for those of its format."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from vdb.errors import InvalidArgumentError
from vdb.sources import Source
from vdb.sources.opening import format_of, open_place, place_of
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["ChosenSource"]

_PLAIN = {"npy": b"\x93NUMPY", "parquet": b"PAR1"}


class ChosenSource:
    """A place and its format.

    Attributes:
        place: Where it is.
        format: The row of its format.
        plain: Whether it is a `.npy` or a `.parquet` file: a table of the user's own, which belongs
            to no other system and describes no collection, unless `vdb export` wrote it.
        options: The options of the format.
    """

    def __init__(
        self, text: str, format_name: str | None, options: dict[str, object], argument: str
    ) -> None:
        """Looks at a place; `argument` is what messages call it."""
        self.place: Place = place_of(text, argument)
        self.format: SourceFormat = format_of(self.place, format_name)
        magic = _PLAIN.get(self.format.name)
        self.plain = magic is not None and self.place.head.startswith(magic)
        self.options = dict(options)

    def take_records(
        self, records: Path | None, ids_from: str | None, *, no_records: bool = False
    ) -> None:
        """Take ``--records``, ``--ids-from`` and ``--no-records`` as options of the format.

        Raises:
            InvalidArgumentError: The format has nothing of that kind.
        """
        name = self.format.name
        if records is not None:
            if not self.format.takes("records"):
                raise InvalidArgumentError(
                    f"--records goes with .npy files; {self.place.text} of format {name} holds ids "
                    "and payloads itself: leave out --records"
                )
            self._set("records", records, "--records")
        if ids_from is not None:
            if not self.format.takes("id"):
                raise InvalidArgumentError(f"--ids-from goes with no source of format {name}")
            self._set("id", ids_from, "--ids-from")
        if no_records:
            if not self.plain:
                raise InvalidArgumentError("--no-records goes with .npy and .parquet files")
            if self.format.takes("records"):
                self._set("records", "none", "--no-records")
            else:
                self._set("id", "row", "--no-records")
                self._set("payload", "", "--no-records")

    def require_ids(self) -> None:
        """Take ids from "id" if nothing else is said: not row numbers, by oversight."""
        if self.plain:
            self.options.setdefault("id", "id")

    def open(self, metric: str | None) -> Source:
        """The source; where an option of its format is missing, the error says how to give it."""
        try:
            return open_place(self.place, self.format.name, metric, self.options)
        except InvalidArgumentError as error:
            for option in self.format.options:
                if re.search(rf"(^|give ){option.name}=[:, ]", error.message):
                    error.message += f" (-o {option.name}=VALUE)"
                    break
            raise

    def _set(self, name: str, value: Any, option: str) -> None:
        if name in self.options:
            raise InvalidArgumentError(f"{option} and -o {name}= say the same; give one of them")
        self.options[name] = value
