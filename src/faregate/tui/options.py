"""What the TUI is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faregate.tui.calling import Signals
from faregate.tui.starting import COMMAND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from faregate.tui.smoke_desk import SmokeDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the TUI is started with."""

    socket_path: Path
    themes_dir: Path
    user_themes_dir: Path | None = None
    theme: str | None = None
    ascii_only: bool = False
    no_color: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    agents: tuple[str, ...] | None = None
    """Agents to name in a first run; None looks on the PATH."""
    desk: SmokeDesk | None = None
    """Who runs smoke tests; None runs this same program."""
    start: Sequence[str] = COMMAND
    """What starts `faregate`, for a person whose screen found no proxy."""
    ends_proxy: bool = False
    """Whether the proxy ends with the screen, as a demo's does."""
    read_only: bool = False
    """Whether to watch and change nothing."""
    signals: Signals = field(default_factory=Signals)
    """How a person who looks elsewhere is called."""
    motion: bool = True
    """Whether scrolling and notices may move; False for people whom that troubles."""
    build: str = ""
    """The build that this screen is of; "" where the proxy's is its own business."""
    replay: str = ""
    """How fast a past span is shown, such as "60x"; empty for the present."""
