"""What was captured of a request, part by part, below its head.

Owns which part and which body of it is shown. What is read is read and made into
lines in threads: the screen waits for none of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from faregate.control.capture import NOT_CAPTURED
from faregate.control.errors import ControlError
from faregate.tui.capture_desk import CaptureDesk
from faregate.tui.captured_text import Part, Source, fitted, sources
from faregate.tui.panels.request_parts import not_captured, parts_line, source_title
from faregate.tui.screens.find import FindScreen
from faregate.tui.screens.live_screen import LiveScreen
from faregate.tui.widgets.lines_view import LinesView
from faregate.tui.widgets.text_pager import TextPager
from faregate.tui.workers import start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from textual.widget import Widget

    from faregate.control.capture import CaptureView
    from faregate.tui.lines import Line
    from faregate.tui.view import View
    from faregate.tui.workers import Work

    class _Acting(Protocol):
        """The part of the app that carries actions out."""

        def act(self, work: Work) -> None: ...


class RequestParts(LiveScreen):
    """Shows the parts of `request`; whoever mixes it in shows the summary."""

    request: str

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.part = Part.SUMMARY
        self._captures = CaptureDesk(Path(view.socket), read_only=view.read_only)
        self._captured: CaptureView | None = None
        self._sources: list[Source] = []
        self._place = 0
        self._fold = True
        self._wanted = ""

    def compose_parts(self) -> Iterator[Widget]:
        """Make the line of parts and the text."""
        yield LinesView(self._parts, self.ink, id="request-parts")
        yield TextPager(self.ink, id="part")

    def forget_parts(self) -> None:
        """Begin anew: another request is shown."""
        self._captured, self._sources, self._place = None, [], 0
        self.read_part()

    def read_part(self) -> None:
        """Read what is shown, unless that is the summary."""
        if self.part is not Part.SUMMARY:
            start(self, self._read, "part")

    @property
    def lacks_capture(self) -> bool:
        """Tell whether a part is shown of which nothing was there yet."""
        return self.part is not Part.SUMMARY and self._captured is None

    def action_part(self, name: str) -> None:
        """Show a part, or the summary."""
        part = Part(name)
        if part is not self.part:
            self.part, self._place = part, 0
            self._sources = []
            summary = part is Part.SUMMARY
            self.query_one("#request-scroll").display = summary
            pager = self._pager
            pager.display = not summary
            shown = self.query_one("#request-scroll") if summary else pager
            shown.focus()
            pager.show(["reading"])
        self.query_one("#request-parts", LinesView).update()
        # The text has no width before it was laid out for the first time.
        self.call_after_refresh(self.read_part)

    def action_other_body(self) -> None:
        """Show the next body of this part."""
        if len(self._sources) > 1:
            self._place = (self._place + 1) % len(self._sources)
            self.read_part()

    def action_fold(self) -> None:
        """Leave out what is long, or show it."""
        self._fold = not self._fold
        self.read_part()

    def action_find(self) -> None:
        """Ask for a text and go to it."""
        if self.part is not Part.SUMMARY:
            cast("_Acting", self.app).act(self._find)

    def action_find_next(self) -> None:
        """Go to the next place of the text."""
        if self._wanted and not self._pager.find(self._wanted):
            self.notify(f"not there: {self._wanted}", timeout=3, markup=False)

    def on_text_pager_resized(self, _message: TextPager.Resized) -> None:
        """Fit the lines to another width."""
        self.read_part()

    async def _find(self) -> None:
        wanted = await self.app.push_screen_wait(FindScreen(self.view, self._wanted))
        if wanted is not None:
            self._wanted = wanted
            self.action_find_next()

    async def _read(self) -> None:
        try:
            lines = await self._lines()
        except ControlError as error:
            lines = fitted([error.message], self._pager.cells)
        if self.is_alive:
            title = source_title(self._source, self._place + 1, len(self._sources))
            self._pager.set_title(title)
            self._pager.show(lines)

    async def _lines(self) -> list[str]:
        part, cells, request = self.part, self._pager.cells, self.request
        if self._captured is None or self._captured.request != request:
            self._captured = None
            try:
                self._captured = await self._captures.view(request)
            except ControlError as error:
                if error.code != NOT_CAPTURED:
                    raise
                return fitted(not_captured(error.message), cells)
        view = self._captured
        self._sources = sources(view, part)
        fold = self._fold and part is Part.REQUEST
        return await self._captures.lines(
            view, part, self._source, fold=fold, cells=cells
        )

    @property
    def _source(self) -> Source | None:
        found = self._sources
        return found[self._place % len(found)] if found else None

    @property
    def _pager(self) -> TextPager:
        return self.query_one("#part", TextPager)

    def _parts(self, cells: int, _height: int) -> list[Line]:
        return [parts_line(self.part, cells)]
