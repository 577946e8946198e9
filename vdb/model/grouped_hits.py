"""Results of searches in groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from vdb.model.hits import Hits
from vdb.model.records import Plan

__all__ = ["GroupedHits", "HitGroup"]


@dataclass(frozen=True, slots=True)
class HitGroup:
    """The hits with one value of a field.

    Attributes:
        value: The value: a bool, int, float or str.
        hits: The hits, best first.
    """

    value: bool | int | float | str
    hits: Hits

    __hash__ = None  # type: ignore[assignment]  # hits have none

    def to_dict(self) -> dict[str, Any]:
        """The group as a dict that JSON can hold: ``value``, and ``hits`` as a list of dicts.

        Example:
            assert docs.search(q, 1, group_by="year")[0].to_dict()["value"] == 2021
        """
        return {"value": self.value, "hits": self.hits.to_dicts()}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from vdb.model.presentation import pydantic_schemas

        return pydantic_schemas.hit_group_schema(cls)


class GroupedHits(Sequence[HitGroup]):
    """What one query found in groups: a sequence of `HitGroup`, that with the best hit first.

    Attributes:
        field: The field whose values make the groups.
        plan: How the search for the groups was done and why.
        missing: The shards of a sharded collection that did not answer; see `Hits`.
        generation: The number of the generation that answered, as of `Hits`.
    """

    __slots__ = ("_groups", "field", "generation", "missing", "plan")

    def __init__(
        self,
        field: str,
        groups: Sequence[HitGroup],
        plan: Plan | None = None,
        missing: tuple[str, ...] = (),
        generation: int | None = None,
    ) -> None:
        self.field = field
        self.plan = plan
        self.missing = missing
        self.generation = generation
        self._groups = tuple(groups)

    @property
    def values(self) -> list[bool | int | float | str]:
        """The values of the groups, in their order."""
        return [group.value for group in self._groups]

    def to_dicts(self) -> list[dict[str, Any]]:
        """The groups as dicts that JSON can hold, as `HitGroup.to_dict` makes them.

        Example:
            groups = docs.search(q, 2, group_by="year").to_dicts()
        """
        return [group.to_dict() for group in self._groups]

    def decode_payloads(self) -> None:
        """Decode all payloads now, which happens otherwise when the first of them is read."""
        for group in self._groups:
            group.hits.decode_payloads()

    def __len__(self) -> int:
        return len(self._groups)

    @overload
    def __getitem__(self, index: int) -> HitGroup: ...
    @overload
    def __getitem__(self, index: slice) -> GroupedHits: ...
    def __getitem__(self, index: int | slice) -> HitGroup | GroupedHits:
        if isinstance(index, slice):
            return GroupedHits(
                self.field, self._groups[index], self.plan, self.missing, self.generation
            )
        return self._groups[index]

    def __iter__(self) -> Iterator[HitGroup]:
        return iter(self._groups)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GroupedHits):
            return NotImplemented
        return (self.field, self._groups) == (other.field, other._groups)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [f"{group.value!r}: {len(group.hits)}" for group in self._groups[:3]]
        more = ", ..." if len(self) > len(shown) else ""
        return f"<GroupedHits: {len(self)} by {self.field} [{', '.join(shown)}{more}]>"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from vdb.model.presentation import pydantic_schemas

        return pydantic_schemas.grouped_hits_schema(cls)
