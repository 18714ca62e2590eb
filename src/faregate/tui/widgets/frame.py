"""Keeps the painted lines of a widget in their frame, so that a line costs one line.

Textual asks after borders, grounds and filters at every painting, and for every line
again; here they are asked once, until the widget is painted whole. It knows nothing of
what the lines say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._styles_cache import StylesCache
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.segment import Segment
    from textual.filter import LineFilter
    from textual.widget import Widget


class Frame(StylesCache):
    """The painted lines of one widget, which paints what is inside line by line."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.room = Size(0, 0)
        """The cells inside the frame, as they were measured last."""
        self._widget = widget
        self._whole: list[Strip] = []
        self._wide = 0
        self._stale: set[int] = set()
        self._inside = range(0)
        self._left: Sequence[Segment] = ()
        self._right: Sequence[Segment] = ()
        self._filters: Sequence[LineFilter] = ()

    def measure(self) -> Size:
        """Return the cells inside the frame, as they are now."""
        self.room = self._widget.content_size
        return self.room

    def refresh(self, lines: Iterable[int]) -> None:
        """Have these lines painted again, counted from the first one inside."""
        # With their frame: a part of a line would be cut out at every painting.
        left, wide = self._widget.styles.gutter.left, self._widget.outer_size.width
        regions = [Region(-left, line, wide, 1) for line in lines]
        if regions:
            self._widget.refresh(*regions)

    def set_dirty(self, *regions: Region) -> None:
        """Note which lines are to be painted again; none given means all."""
        super().set_dirty(*regions)
        for region in regions:
            self._stale.update(region.line_range)

    def clear(self) -> None:
        """Forget everything, so that the widget is painted whole."""
        super().clear()
        self._whole = []

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        """Return the lines of this part of the widget."""
        whole = self._whole
        if not whole or crop.bottom > len(whole) or crop.right > self._wide:
            self._paint_whole(widget)
        elif self._stale:
            self._paint_stale(widget)
        lines = self._whole[crop.y : crop.bottom]
        if crop.column_span == (0, self._wide):
            return lines
        return [line.crop(*crop.column_span) for line in lines]

    def _paint_whole(self, widget: Widget) -> None:
        self.clear()
        self.measure()
        wide, high = widget.region.size
        self._whole = super().render_widget(widget, Region(0, 0, wide, high))
        self._wide = wide
        self._stale.clear()
        gutter = widget.styles.gutter
        self._inside = range(gutter.top, max(high - gutter.bottom, gutter.top))
        if self._inside:
            sample = self._whole[gutter.top]
            self._left = [*sample.crop(0, gutter.left)]
            self._right = [*sample.crop(wide - gutter.right)]
        # Lines inside have none of the terminal's own colours.
        self._filters = [
            each
            for each in widget.get_line_filters()
            if not isinstance(each, ANSIToTruecolor)
        ]

    def _paint_stale(self, widget: Widget) -> None:
        inside = self._inside
        if any(y not in inside for y in self._stale):
            self._paint_whole(widget)
            return
        for y in self._stale:
            painted = widget.render_line(y - inside.start)
            for each in self._filters:
                painted = painted.apply_filter(each, widget.background_colors[1])
            self._whole[y] = Strip([*self._left, *painted, *self._right], self._wide)
        self._stale.clear()
