from __future__ import annotations

from textual.message import Message

from faregate.tui.messages import StoreChanged


def test_a_message_stands_for_those_before_it() -> None:
    assert StoreChanged().can_replace(StoreChanged())
    assert not StoreChanged().can_replace(Message())
