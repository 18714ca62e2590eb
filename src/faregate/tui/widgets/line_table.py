"""A table for figures that change: one line a row, only changed lines repainted.

It keeps the cursor on a row's key, so that a new order never moves the choice to
another row. It knows nothing of what its cells mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView

from faregate.control.sanitise import sanitise
from faregate.tui.action import Scope
from faregate.tui.actions import bindings
from faregate.tui.lines import EMPTY, Line, Span, cell, text_width
from faregate.tui.table_layout import CURSOR_WIDTH, Column, Layout, Row, Rows, lay_out
from faregate.tui.tones import Tone
from faregate.tui.widgets.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.strip import Strip

    from faregate.tui.ink import Ink


class LineTable(ScrollView):
    """Rows under a fixed heading; with `cursor` one of them is chosen."""

    ALLOW_SELECT = False
    BINDINGS = bindings(Scope.TABLE)

    class Opened(Message):
        """The person opened a row."""

        def __init__(self, table: LineTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """The table, for `on` selectors."""
            return self.table

    class Chosen(Message):
        """The cursor came to another row."""

        def __init__(self, table: LineTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """The table, for `on` selectors."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        ink: Callable[[], Ink],
        *,
        cursor: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._styles_cache = self._frame = Frame(self)
        self.can_focus = cursor
        self._columns = tuple(columns)
        self._ink = ink
        self._with_cursor = cursor
        self._rows = Rows.of([])
        self._chosen: str | None = None
        self._natural: dict[str, int] = {}
        self._measured: dict[str, Row] = {}
        self._layout_now: Layout | None = None
        self._painted: list[object] = []
        self._painted_with: Ink | None = None
        self._title = ""
        self._sorted: tuple[str, bool] | None = None
        self._empty: Line = EMPTY

    @property
    def chosen(self) -> str | None:
        """Return the key of the row under the cursor."""
        return self._chosen

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return all columns, shown or not."""
        return self._columns

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return all rows."""
        return tuple(self._rows)

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """Return the ids of the columns that fit."""
        layout = self._laid_out()
        return tuple(placed.column.id for placed in layout.placed)

    def show(
        self,
        rows: Sequence[Row],
        *,
        sorted_by: tuple[str, bool] | None = None,
        empty: Line = EMPTY,
    ) -> None:
        """Show these rows; `sorted_by` is a column and whether it descends."""
        self._rows = Rows.of(rows)
        self._sorted = sorted_by
        self._empty = empty
        self._frame.measure()
        self._keep_chosen()
        if self._grow_widths():
            self._layout_now = None
        self._set_extent()
        self._repaint()

    def refit(self) -> None:
        """Forget how wide the columns were, after a change of how cells are written."""
        self._natural.clear()
        self._measured.clear()

    def set_title(self, title: str) -> None:
        """Set the title in the border; harmless text, never markup."""
        title = sanitise(title)
        if title != self._title:
            self._title = title
            self.border_title = Content(title)

    def choose(self, key: str) -> None:
        """Put the cursor on a row."""
        if key != self._chosen and self._rows.place(key) is not None:
            self._chosen = key
            self._scroll_to_chosen()
            self._repaint()
            self.post_message(self.Chosen(self, key))

    def lead_to(self, key: str) -> None:
        """Put the cursor on a row; no person did it, so nobody is told."""
        if key != self._chosen and self._rows.place(key) is not None:
            self._chosen = key
            self._scroll_to_chosen()
            self._repaint()

    def lead_to_top(self) -> None:
        """Put the cursor on the first row, as `lead_to` does."""
        if self._rows:
            self.lead_to(self._rows.key(0))

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        if self._rows:
            place = min(max(self._place() + by, 0), len(self._rows) - 1)
            self.choose(self._rows.key(place))

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self.action_move(by * max(self.content_size.height - 2, 1))

    def action_top(self) -> None:
        """Move the cursor to the first row."""
        self.action_move(-len(self._rows))

    def action_bottom(self) -> None:
        """Move the cursor to the last row."""
        self.action_move(len(self._rows))

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self._chosen is not None and self._with_cursor:
            self.post_message(self.Opened(self, self._chosen))

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked row; a second click opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not self._with_cursor:
            return
        place = offset.y - 1 + self.scroll_offset.y
        if offset.y >= 1 and 0 <= place < len(self._rows):
            self.choose(self._rows.key(place))
            if event.chain == 2:
                self.action_open()

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the columns anew."""
        self._frame.measure()
        self.refit()
        self._grow_widths()
        self._layout_now = None
        self._painted_with = None
        self._set_extent()
        self._repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint what scrolled into view."""
        super().watch_scroll_y(old_value, new_value)
        if self._grow_widths():
            self._layout_now = None
        self._painted = self._tokens()

    def render_line(self, y: int) -> Strip:
        """Paint the heading, a row, or nothing."""
        width = self._frame.room.width
        ink = self._ink()
        if y == 0:
            return ink.paint(self._heading(), width)
        place = y - 1 + self.scroll_offset.y
        if place >= len(self._rows):
            note = self._empty if not self._rows and y == 1 else EMPTY
            return ink.paint(note, width)
        row = self._rows[place]
        chosen = self._with_cursor and row.key == self._chosen
        return ink.paint(self._row_parts(row, chosen, ink), width, selected=chosen)

    def _heading(self) -> Line:
        parts: list[Span] = [Span(" " * CURSOR_WIDTH, Tone.MUTED)]
        layout = self._laid_out()
        for place, placed in enumerate(layout.placed):
            if place:
                parts.append(Span(" " * layout.gap, Tone.MUTED))
            title = cell(placed.column.title, placed.width, right=placed.column.right)
            by = self._sorted is not None and self._sorted[0] == placed.column.id
            parts.append(Span(title, Tone.ACCENT if by else Tone.MUTED))
        return tuple(parts)

    def _row_parts(self, row: Row, chosen: bool, ink: Ink) -> list[tuple[str, Tone]]:
        sign = ink.glyphs.cursor if chosen else " "
        parts = [(sign.ljust(CURSOR_WIDTH), Tone.ACCENT)]
        layout, cells, cut = self._laid_out(), row.cells, ink.glyphs.cut
        gap = " " * layout.gap
        for place, placed in enumerate(layout.placed):
            if place:
                parts.append((gap, Tone.TEXT))
            text, tone = cells[placed.index]
            fitted = cell(text, placed.width, right=placed.column.right, cut=cut)
            parts.append((fitted, tone))
        return parts

    def _laid_out(self) -> Layout:
        if self._layout_now is None:
            self._layout_now = lay_out(
                self._columns,
                self._natural,
                self._frame.room.width,
                margin=CURSOR_WIDTH + 1,
                lent=self._rows.lent,
            )
        return self._layout_now

    def _grow_widths(self) -> bool:
        """Widen columns to what is on screen; they never shrink, so nothing jumps."""
        before = dict(self._natural)
        top = self.scroll_offset.y
        visible = self._rows[top : top + max(self._frame.room.height, 1)]
        known = self._measured
        self._measured = {row.key: row for row in visible}
        fresh = [row for row in visible if known.get(row.key) is not row]
        for place, column in enumerate(self._columns):
            measured = visible if column.optional else fresh
            widths = [text_width(row.cells[place].text) for row in measured]
            if not column.optional:
                widths.append(self._natural.get(column.id, 0))
            self._natural[column.id] = max(widths, default=0)
        return before != self._natural

    def _set_extent(self) -> None:
        """Tell how far there is to scroll; a new extent lays the screen out anew."""
        extent = Size(self._frame.room.width, len(self._rows) + 1)
        if extent != self.virtual_size:
            self.virtual_size = extent

    def _keep_chosen(self) -> None:
        if self._rows.place(self._chosen) is None:
            self._chosen = self._rows.key(0) if self._rows else None

    def _place(self) -> int:
        return self._rows.place(self._chosen) or 0

    def _scroll_to_chosen(self) -> None:
        visible = max(self.content_size.height - 1, 1)
        place, top = self._place(), self.scroll_offset.y
        if place < top:
            self.scroll_to(y=place, animate=False)
        elif place >= top + visible:
            self.scroll_to(y=place - visible + 1, animate=False)

    def _tokens(self) -> list[object]:
        """Return what each visible line depends on."""
        tokens: list[object] = [(self._sorted, self._laid_out())]
        top = self.scroll_offset.y
        for y in range(1, self._frame.room.height):
            place = top + y - 1
            if place < len(self._rows):
                row = self._rows[place]
                tokens.append((row, self._with_cursor and row.key == self._chosen))
            else:
                tokens.append(self._empty if not self._rows and y == 1 else None)
        return tokens

    def _repaint(self) -> None:
        width, height = self._frame.room
        if not width or not height:
            return
        before, self._painted = self._painted, self._tokens()
        ink = self._ink()
        layout_changed = not before or before[0] != self._painted[0]
        if layout_changed or ink is not self._painted_with or len(before) != height:
            self._painted_with = ink
            self.refresh()
            return
        self._frame.refresh(
            [y for y, token in enumerate(self._painted) if token != before[y]]
        )
