"""The sentences about loops: every rule has one, and none misleads a client."""

from __future__ import annotations

import pytest

from faregate.core.loops.finding import Loop, LoopRule
from faregate.core.refusal import RefusalCode
from faregate.gateway.loop_messages import alert, looping, what_repeats

FORBIDDEN = ("429", "rate limit", "too many requests", "context", "overloaded")


@pytest.mark.parametrize("rule", list(LoopRule))
def test_every_rule_has_a_sentence_with_its_figures(rule: LoopRule) -> None:
    loop = Loop(rule=rule, times=7, tools=("Bash", "Read"), period=2)
    refusal = looping(loop, "s1")

    assert refusal.code is RefusalCode.LOOP_DETECTED
    assert "7 times" in refusal.message
    assert "faregate resume s1" in refusal.message
    assert "\n" not in refusal.message
    assert not any(word in refusal.message.lower() for word in FORBIDDEN)
    assert refusal.extra["loop_rule"] == rule
    assert what_repeats(loop) in alert(loop)


def test_names_that_an_agent_chose_are_safe_and_few() -> None:
    tools = ("\x1b[2J" + "x" * 100, "", "a", "b", "c", "d")
    said = what_repeats(Loop(rule=LoopRule.CYCLE, times=5, tools=tools, period=6))

    assert "\x1b" not in said
    assert "x" * 61 not in said
    assert "a tool" in said
    assert "and 2 more" in said


def test_a_persons_no_is_told() -> None:
    loop = Loop(rule=LoopRule.SAME_STEP, times=5, tools=("Bash",))

    assert "by a person" in looping(loop, "s", denied=True).message
    assert "by a person" not in looping(loop, "s").message
