"""The control sequences that reach beyond the screen: title, bell, notice.

The only place of the TUI that writes any; what they carry is printable text of ours.
"""

from __future__ import annotations

from faregate.control.sanitise import sanitise

SAVE_TITLE = "\x1b[22;0t"
"""Asks the terminal to remember its title."""
RESTORE_TITLE = "\x1b[23;0t"
BELL = "\x07"
_LONGEST = 120


def set_title(text: str) -> str:
    """Return the sequence that sets the terminal's title."""
    return f"\x1b]0;{_plain(text)}\x07"


def notice(text: str) -> str:
    """Return the sequence by which terminals show a notice of the desktop (OSC 9)."""
    return f"\x1b]9;{_plain(text)}\x07"


def _plain(text: str) -> str:
    # A semicolon would begin another argument, as in OSC 9;4, which draws progress.
    return sanitise(text, limit=_LONGEST).replace(";", ",")
