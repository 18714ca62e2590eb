"""Events that are the one before again, but for their text.

Owns proving that, at a fraction of what decoding costs: most events of a stream say
one more word in the same JSON as the event before them. Knows no dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

_Event = TypeVar("_Event")

_QUOTE = b'"'
_A_QUOTE = 0x22
_BACKSLASH = 0x5C
_MOST_MISSES = 16
"""Events in a row that were no repeats, after which no further one is looked at:
some providers number or pad each event."""

_TEXT = msgspec.json.Decoder(str)


class Repeats:
    """Compares each event of one stream with the one before."""

    __slots__ = ("_after", "_before", "_mark", "_misses")

    def __init__(self) -> None:
        self._mark: bytes | None = None
        self._before = b""
        self._after = b""
        self._misses = 0

    def text(self, data: bytes) -> bytes | None:
        """Return the text of an event that is the one before but for that.

        The text is as it stands in the JSON, which has no escapes in it. None for
        every other event; `after` or `forget` takes note of what that was.
        """
        mark = self._mark
        if mark is None:
            return None
        before, _, rest = data.partition(mark)
        if before != self._before:
            return None
        text, _, after = rest.partition(_QUOTE)
        if _BACKSLASH in text or not (after == self._after or self._is_padded(after)):
            return None
        self._misses = 0
        return text

    def after(
        self,
        data: bytes,
        event: _Event,
        only_text: Callable[[_Event], tuple[bytes, str] | None],
    ) -> None:
        """Take an event that was no repeat, and was decoded.

        `only_text` returns the name and value of its one text member, where the event
        with another text would say nothing more than that text.
        """
        if self._misses >= _MOST_MISSES:
            self._mark = None
            return
        found = only_text(event)
        if found is not None:
            self._misses += 1
        if found is None or not self._learned(data, *found):
            self._mark = None

    def forget(self) -> None:
        """Take note of an event that could not be decoded."""
        self._mark = None

    def _learned(self, data: bytes, name: bytes, text: str) -> bool:
        key = _QUOTE + name + _QUOTE
        mark = key + b':"'
        before, found, rest = data.partition(mark)
        if not found:
            mark = key + b': "'
            before, found, rest = data.partition(mark)
        if self._is_known(mark, before, rest, text):
            return True
        said, _, after = rest.partition(_QUOTE)
        if not found or said != text.encode("utf-8", "replace"):
            return False
        if key in before or key in after:
            # Which of them is the text cannot be told.
            return False
        self._mark, self._before, self._after = mark, before, after
        return True

    def _is_padded(self, after: bytes) -> bool:
        """Tell whether only blanks between its marks keep an end from being the same."""
        known = self._after
        if _A_QUOTE in known:
            return False
        return after.translate(None, b" ") == known.translate(None, b" ")

    def _is_known(self, mark: bytes, before: bytes, rest: bytes, text: str) -> bool:
        """Tell whether only an escape in its text made an event no repeat."""
        end = _QUOTE + self._after
        if mark != self._mark or before != self._before or not rest.endswith(end):
            return False
        try:
            return _TEXT.decode(_QUOTE + rest[: -len(end)] + _QUOTE) == text
        except msgspec.DecodeError:
            return False
