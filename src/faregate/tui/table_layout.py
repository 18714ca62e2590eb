"""Which columns of a table fit, and how wide each is.

Columns have a rank: the least important goes first, those without a rank never go.
Figures keep their natural width and are never cut; only names shrink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from faregate.tui.lines import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


CURSOR_WIDTH = 2
_GAPS = (2, 1)
_STUMP = 3
"""Cells that a name keeps where else a figure would be cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `about` is its sentence in the help."""

    id: str
    title: str
    about: str
    right: bool = False
    drop: int | None = None
    """Rank in the order of dropping, lowest first; None stays for ever."""
    optional: bool = False
    """Whether the column is left out while all its cells are empty."""
    least: int | None = None
    """Narrowest width of a column of names; None for figures, which never shrink."""


Cells = tuple[Span, ...]


class Row:
    """One row: its key, and a span for every column in order.

    Cells are made when they are first looked at, because most rows of a long table
    are never on screen.
    """

    __slots__ = ("_cells", "_make", "key")

    def __init__(self, key: str, make: Callable[[], Cells]) -> None:
        self.key = key
        self._make = make
        self._cells: Cells | None = None

    @property
    def cells(self) -> Cells:
        """Return the spans, in the order of the columns."""
        if self._cells is None:
            self._cells = self._make()
        return self._cells

    def __eq__(self, other: object) -> bool:
        """Compare what is shown, so that equal rows are not painted again."""
        if self is other:
            return True
        if not isinstance(other, Row):
            return NotImplemented
        return self.key == other.key and self.cells == other.cells

    def __hash__(self) -> int:
        return hash(self.key)


class Rows(Sequence[Row]):
    """Rows in order, known by their keys; `make` makes the one at a place.

    A row is made when it is looked at, because most of a long table never are.
    """

    __slots__ = ("_keys", "_make", "lent")

    def __init__(
        self, keys: list[str], make: Callable[[int], Row], *, lent: int = 0
    ) -> None:
        self._keys = keys
        self._make = make
        self.lent = lent
        """Cells by which figures are wider now than they mostly are; names give them."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        """Return rows that are all made already."""
        if isinstance(rows, Rows):
            return rows
        return cls([row.key for row in rows], rows.__getitem__)

    def place(self, key: str | None) -> int | None:
        """Return where the row of this key is; None when there is none."""
        try:
            return None if key is None else self._keys.index(key)
        except ValueError:
            return None

    def key(self, place: int) -> str:
        """Return the key of the row at a place."""
        return self._keys[place]

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self._make(each) for each in range(*place.indices(len(self)))]
        return self._make(range(len(self))[place])


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A column that fits: its place among all columns, and its width in cells."""

    column: Column
    index: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns that fit, with the gap between them."""

    placed: tuple[Placed, ...]
    gap: int


def lay_out(
    columns: Sequence[Column],
    natural: Mapping[str, int],
    cells: int,
    *,
    margin: int,
    lent: int = 0,
) -> Layout:
    """Fit columns of these natural widths into `cells`, `margin` of them taken.

    Names give `lent` cells of their narrowest widths before a column goes. When not
    even the last columns fit, they shrink further before the edge cuts.
    """
    chosen = [
        (index, column)
        for index, column in enumerate(columns)
        if not column.optional or natural.get(column.id, 0)
    ]
    room = cells - margin
    while True:
        for gap in _GAPS:
            spare = room - gap * (len(chosen) - 1) - _least(chosen, natural)
            if spare + (lent if gap == _GAPS[-1] else 0) >= 0:
                return _widen(chosen, natural, room, gap)
        droppable = [each for each in chosen if each[1].drop is not None]
        if not droppable:
            return _widen(chosen, natural, room, 1, squeezed=True)
        chosen.remove(min(droppable, key=lambda each: each[1].drop or 0))


def _least(chosen: list[tuple[int, Column]], natural: Mapping[str, int]) -> int:
    return sum(_narrowest(column, natural) for _, column in chosen)


def _narrowest(
    column: Column, natural: Mapping[str, int], *, squeezed: bool = False
) -> int:
    wanted = max(natural.get(column.id, 0), len(column.title))
    if column.least is None:
        return wanted
    return min(wanted, _STUMP if squeezed else column.least)


def _widen(
    chosen: list[tuple[int, Column]],
    natural: Mapping[str, int],
    room: int,
    gap: int,
    *,
    squeezed: bool = False,
) -> Layout:
    """Give spare cells to names, up to their natural width.

    `squeezed` names give way to figures, down to a stump.
    """
    widths = {
        column.id: _narrowest(column, natural, squeezed=squeezed)
        for _, column in chosen
    }
    spare = room - gap * (len(chosen) - 1) - sum(widths.values())
    names = [column.id for _, column in chosen if column.least is not None]
    while spare < 0 and names and not squeezed:
        widths[max(names, key=widths.__getitem__)] -= 1
        spare += 1
    for _, column in chosen:
        more = min(max(natural.get(column.id, 0) - widths[column.id], 0), spare)
        if more > 0:
            widths[column.id] += more
            spare -= more
    placed = tuple(
        Placed(column=column, index=index, width=widths[column.id])
        for index, column in chosen
    )
    return Layout(placed=placed, gap=gap)
