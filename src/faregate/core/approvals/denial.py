"""What the person's agent reads instead of a tool call that was denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faregate.core.transcript import ToolCall

LONGEST_SHOWN = 200


def denied_text(call: ToolCall, why: str) -> str:
    """Return the words that stand in place of a denied call."""
    shown = call.arguments
    if len(shown) > LONGEST_SHOWN:
        shown = shown[: LONGEST_SHOWN - 1] + "…"
    return (
        f"[Faregate] The call {call.name}({shown}) was not carried out: {why} "
        "Do not try it again in another form; tell the person what you wanted to do."
    )
