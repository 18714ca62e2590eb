"""The neutral request: equal requests are equal values."""

from __future__ import annotations

from faregate.protocols.dialogue import (
    CacheMark,
    Dialogue,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    canonical,
    marks,
    unmarked,
)


def said(role: Role, *texts: str) -> Turn:
    return Turn(role=role, parts=tuple(Text(text=text) for text in texts))


def test_neighbours_of_one_role_are_one_turn() -> None:
    turns = [said(Role.USER, "a"), said(Role.USER, "b"), said(Role.ASSISTANT, "c")]
    assert canonical(turns) == (said(Role.USER, "a", "b"), said(Role.ASSISTANT, "c"))


def test_empty_texts_and_turns_are_left_out() -> None:
    turns = [said(Role.USER, "a", ""), said(Role.ASSISTANT), said(Role.USER, "b")]
    assert canonical(turns) == (said(Role.USER, "a", "b"),)
    result = ToolResult(call_id="c", content=(Text(text=""),))
    (turn,) = canonical([Turn(role=Role.USER, parts=(result,))])
    assert turn.parts == (ToolResult(call_id="c"),)


def test_results_of_tools_come_first() -> None:
    result = ToolResult(call_id="c", content=(Text(text="r"),))
    turns = [Turn(role=Role.USER, parts=(Text(text="a"), result))]
    assert canonical(turns)[0].parts == (result, Text(text="a"))


def test_marks_are_found_anywhere_and_taken_off() -> None:
    short = CacheMark.SHORT
    places = [
        Dialogue(model="m", tools=(Tool(name="t", cache=short),)),
        asked(Text(text="a", cache=short)),
        asked(ToolResult(call_id="c", cache=short)),
        asked(ToolResult(call_id="c", content=(Text(text="a", cache=short),))),
        asked(ToolCall(id="c", name="n", arguments="{}", cache=short)),
    ]
    for place in places:
        assert marks(place)
        assert not marks(unmarked(place))
    assert not marks(asked(Reasoning(text="a")))
    assert unmarked(asked(Reasoning(text="a"))) == asked(Reasoning(text="a"))


def asked(part: Text | ToolResult | ToolCall | Reasoning) -> Dialogue:
    return Dialogue(model="m", turns=(Turn(role=Role.USER, parts=(part,)),))
