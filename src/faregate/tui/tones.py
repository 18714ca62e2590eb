"""What a piece of text means, so that a theme can decide what it looks like."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """The meaning of a span; `faregate.tui.ink` gives each a style."""

    TEXT = "text"
    MUTED = "muted"
    STRONG = "strong"
    ACCENT = "accent"
    SPEND = "spend"
    OK = "ok"
    WARN = "warn"
    CRIT = "crit"
    HELD = "held"
    UNKNOWN = "unknown"
    TRACK = "track"
    ACTIVE = "active"
    WAITING = "waiting"
    IDLE = "idle"
    RETRY = "retry"
    DOWN = "down"
    CAPPED = "capped"
    ALERT = "alert"
    """A whole line that must be seen: reversed and bold in every theme."""
    NOTICE = "notice"
    """A word that must be seen, such as FROZEN: reversed in every theme."""
    KEY = "key"


REVERSED = frozenset({Tone.ALERT, Tone.NOTICE})
"""Tones in which a blank is seen as well."""
