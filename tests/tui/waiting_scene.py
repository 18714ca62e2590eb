"""Five agents at work, and requests of two of them wait for a person."""

from __future__ import annotations

from msgspec.structs import replace

from faregate.control.approvals import ApprovalReason
from faregate.control.models import Snapshot
from tests.control import scenes
from tests.control.approvals import decided, waits

URGENT = waits("ap-1")
LATER = waits(
    "ap-2",
    kind="tool_calls",
    session="c3a5b7e2-2222",
    agent="codex",
    title="2 tool calls that a rule asks about",
    reasons=[ApprovalReason(rule="tools", what="bash", why="a rule names it")],
    calls=["bash: rm -rf build", "bash: git push --force"],
    estimate="0",
    at_most="0",
    input_tokens=0,
    expires_at=scenes.at(-200),
    for_session="calls of bash",
)
OVER = decided("ap-0")


def waiting() -> Snapshot:
    """A request and the tool calls of an answer wait; one was approved before."""
    return replace(
        scenes.busy(),
        approvals=[URGENT, LATER],
        decided=[OVER, decided("ap-9", "denied")],
    )
