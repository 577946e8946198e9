"""The summation order of engines: sums in float32 that agree with theirs to the last bit.

A sum of float32 numbers depends on its order; of hundreds of them, in more than the last bit. The
orders in the table are those of the engines' builds for x86-64, found by experiment and compared
with them by `python -m tools.conformance`. On other processors, and in other builds, the last
digits may differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb import kernel

__all__ = [
    "FOUR_TO_SIXTEEN",
    "ONE_BY_ONE",
    "ONE_BY_ONE_FUSED",
    "SIXTEEN",
    "ByDimension",
    "FrontFour",
    "Order",
    "Summation",
]

Matrix = NDArray[np.float32]


class Summation(Protocol):
    """How an engine adds up the products of two rows of float32 numbers."""

    @property
    def text(self) -> str:
        """The order in words."""

    def dot(self, a: Matrix, b: Matrix) -> NDArray[np.float32]:
        """Inner products of the rows of two float32 matrices (m, n): (m,), float32."""


@dataclass(frozen=True, slots=True)
class Order:
    """One summation order, over the lanes of vector registers.

    Attributes:
        lanes: How many numbers a register holds, each a running sum of its own.
        registers: How many registers take turns.
        rounds: How many turns of all are taken at a time.
        fused: Whether product and addition are rounded once.
        fold: How the lanes of the sum become one number: the upper half onto the lower, neighbours,
            halves until four are left and then neighbours ("quarters"), or one by one.
        gather: How the registers become one: one by one, neighbours, each is "folded" by itself,
            all are after every turn ("chunks"), they become one after every turn ("turns"), or each
            is folded after every turn, into a sum of its own ("scalars").
        blocks: Where full registers go that are too few for all to have a turn: into the first one,
            onto what was "gathered", or with the rest.
        rest: Where the numbers go that fill no register: onto the folded sum one by one, by
            themselves and then onto it, in the lanes of the sum, or into a narrower register first.
        narrow_fused: The same as `fused` for narrower registers; None for the same.
        rest_fused: The same as `fused` for those that go on one by one; None for the same.
        fours_apart: Whether whole fours of those are not fused all the same.
    """

    lanes: int = 1
    registers: int = 1
    rounds: int = 1
    fused: bool = False
    fold: Literal["halves", "neighbours", "quarters", "sequence"] = "halves"
    gather: Literal["sequence", "neighbours", "folded", "chunks", "turns", "scalars"] = "sequence"
    blocks: Literal["first", "gathered", "none"] = "first"
    rest: Literal["after", "apart", "in lanes", "narrower"] = "after"
    narrow_fused: bool | None = None
    rest_fused: bool | None = None
    fours_apart: bool = False

    @property
    def text(self) -> str:
        """The order in words."""
        count = self.lanes * self.registers
        return "number by number" if count == 1 else f"in {count} sums side by side"

    def dot(self, a: Matrix, b: Matrix) -> NDArray[np.float32]:
        """Inner products of the rows of two float32 matrices (m, n): (m,), float32."""
        return kernel.ordered_dots(
            np.ascontiguousarray(a),
            np.ascontiguousarray(b),
            lanes=self.lanes,
            registers=self.registers,
            rounds=self.rounds,
            fused=self.fused,
            fold=self.fold,
            gather=self.gather,
            blocks=self.blocks,
            rest=self.rest,
            narrow_fused=self.fused if self.narrow_fused is None else self.narrow_fused,
            rest_fused=self.fused if self.rest_fused is None else self.rest_fused,
            fours_apart=self.fours_apart,
        )


@dataclass(frozen=True, slots=True)
class ByDimension:
    """An order that depends on the dimension.

    Attributes:
        text: The orders in words.
        of: The order for a dimension.
    """

    text: str
    of: Callable[[int], Order]

    def dot(self, a: Matrix, b: Matrix) -> NDArray[np.float32]:
        """Inner products of the rows of two float32 matrices (m, n): (m,), float32."""
        return self.of(a.shape[1]).dot(a, b)


@dataclass(frozen=True, slots=True)
class FrontFour:
    """An order whose first register is filled half, where four numbers or more would be left.

    Attributes:
        order: That of the rest; its registers hold eight numbers.
    """

    order: Order

    @property
    def text(self) -> str:
        """The order in words."""
        return self.order.text

    def dot(self, a: Matrix, b: Matrix) -> NDArray[np.float32]:
        """Inner products of the rows of two float32 matrices (m, n): (m,), float32."""
        if a.shape[1] % 8 < 4:
            return self.order.dot(a, b)
        half = np.zeros((len(a), 4), dtype=np.float32)
        wide = [np.concatenate([x[:, :4], half, x[:, 4:]], axis=1) for x in (a, b)]
        return self.order.dot(*wide)


ONE_BY_ONE = Order()
ONE_BY_ONE_FUSED = Order(fused=True)
FOUR_TO_SIXTEEN = "in 4 to 16 sums side by side, by the dimension"
"""How hnswlib, and Voyager after it, choose among their orders: the text of a `ByDimension`."""

SIXTEEN = Order(lanes=8, registers=2, fused=True, blocks="gathered")
"""Two registers of AVX2; a single full one that is left goes onto their sum."""
