"""The signs that screens are drawn with, in Unicode and in plain ASCII.

Every sign is one cell wide, and none is wide in East Asian fonts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One alphabet; `spark` rises from nothing to a full cell in nine steps."""

    live: str
    lost: str
    partial: str
    down: str
    cursor: str
    spent: str
    unknown: str
    held: str
    free: str
    mark: str
    bar: str
    dot: str
    running: str
    waiting: str
    idle: str
    stopped: str
    closed: str
    ended: str
    alert: str
    warning: str
    note: str
    child: str
    descending: str
    ascending: str
    cut: str
    unreadable: str
    spark: str
    border: str
    """Name of the border style of panels."""


UNICODE = Glyphs(
    live="●",
    lost="○",
    partial="◐",
    down="✖",
    cursor=">",
    spent="█",
    unknown="▓",
    held="▒",
    free="·",
    mark="│",
    bar="│",
    dot="·",
    running="▶",
    waiting="‖",
    idle="·",
    stopped="✗",
    closed="■",
    ended="✓",
    alert="▲",
    warning="!",
    note="·",
    child="└",
    descending="▼",
    ascending="▲",
    cut="…",
    unreadable="\ufffd",
    spark=" ▁▂▃▄▅▆▇█",
    border="round",
)

ASCII = Glyphs(
    live="*",
    lost="o",
    partial="o",
    down="x",
    cursor=">",
    spent="#",
    unknown="%",
    held="=",
    free=".",
    mark="|",
    bar="|",
    dot="-",
    running=">",
    waiting="=",
    idle=".",
    stopped="x",
    closed="#",
    ended="v",
    alert="^",
    warning="!",
    note="-",
    child="`",
    descending="v",
    ascending="^",
    cut="+",
    unreadable="?",
    spark=" .:-=+*%#",
    border="ascii",
)
