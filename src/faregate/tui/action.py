"""What an action of the TUI is, and where one can work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Where an action works."""

    EVERYWHERE = "everywhere"
    BEYOND = "on every screen but the overview"
    OVERVIEW = "overview"
    FIRST_RUN = "in the first run"
    TABLE = "in a table"
    OF_SESSION = "on a session"
    SESSION = "in a session"
    REQUESTS = "in requests"
    REQUEST = "in a request"
    TEXT = "in a text"
    WAITING = "in waiting"
    PROVIDERS = "in providers"
    MONTH = "in month"
    HOLDS = "in holds"
    LIMITS = "in limits"
    OVERLAY = "in help"
    QUESTION = "in a question"


@dataclass(frozen=True, slots=True)
class Action:
    """One action; `id` names it in the `[keys]` table of the config."""

    id: str
    keys: str
    """Textual key names, separated by commas."""
    command: str
    """The Textual action that it runs."""
    label: str
    about: str
    scope: Scope
    bar: int | None = None
    """Place on the line of keys; the highest is dropped first, None is not shown."""
    bar_as: tuple[str, str] | None = None
    """Key and label on that line, where one entry stands for several actions."""
    palette: bool = True
    in_demo: str = ""
    """What it does in a demo, where that differs: its proxy ends with the screen."""
    changes: bool = False
    """Whether it changes something at the proxy; not offered to those who only watch."""
