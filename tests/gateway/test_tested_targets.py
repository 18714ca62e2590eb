"""What smoke tests showed of a target counts in the plans for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from faregate.core.capabilities import Capabilities
from faregate.core.estimate import UNKNOWN_MAXIMUM
from faregate.core.refusal import RefusalCode
from faregate.gateway.planning import Planner
from tests.gateway.gates import SPEC, ask
from tests.gateway.planners import planned, planner, refused, unbounded

TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}


def knowing(
    target: str = "p/m", protocol: str = "openai_chat", **shown: Any
) -> Planner:
    """Return a planner that knows what a smoke test showed of one target."""
    by = planner()
    shown.setdefault("tested_on", "2026-11-20")
    by.tested.take({(target, protocol): Capabilities(**shown)})
    return by


def test_a_target_that_failed_tool_calls_gets_none() -> None:
    by = knowing(tools=False)
    refusal = refused(ask(tools=[TOOL]), by=by)
    assert refusal.code is RefusalCode.MODEL_NOT_ALLOWED
    assert refusal.message == (
        "p/m gets no request with tools: its smoke test of 2026-11-20 failed tool "
        "calls. To go on: use another model, test it again (faregate smoke-test p/m), "
        "or set tools = true under [providers.p]"
    )
    planned(ask(), by=by)
    planned(ask("p/small", tools=[TOOL]), by=by)
    tool = {"name": "f", "input_schema": {"type": "object"}}
    planned(ask(tools=[tool]), "/v1/messages", by=by)
    planned(
        ask(tools=[tool]),
        "/v1/messages/count_tokens",
        by=knowing(protocol="anthropic_messages", tools=False),
    )
    for unsure in (True, None):
        planned(ask(tools=[TOOL]), by=knowing(tools=unsure))


def test_the_word_of_the_person_goes_before_the_test() -> None:
    by = knowing(tools=False)
    by._specs = {"p": replace(SPEC, tools=True)}
    planned(ask(tools=[TOOL]), by=by)
    by = planner()
    by._specs = {"p": replace(SPEC, tools=False)}
    refusal = refused(ask(tools=[TOOL]), by=by)
    assert "tools = false is set under [providers.p]" in refusal.message
    planned(ask(), by=by)


def test_a_target_that_keeps_no_bound_is_held_at_its_maximum() -> None:
    named = planned(
        ask("p/small", max_tokens=100), by=knowing("p/small", keeps_bound=False)
    )
    assert named.bounds.output == 2_000
    assert named.splice(named.bounds).output_bound is None  # type: ignore[union-attr]
    unsaid = planned(unbounded(), by=knowing(keeps_bound=False))
    assert unsaid.bounds.output == UNKNOWN_MAXIMUM
    assert unsaid.output_field is None
    for known in (True, None):
        made = planned(ask(max_tokens=100), by=knowing(keeps_bound=known))
        assert made.bounds.output == 100


def test_a_bound_goes_into_the_field_that_was_seen_to_work() -> None:
    other = "max_completion_tokens"
    by = knowing("own/m", output_field=other, keeps_bound=True)
    assert planned(unbounded("own/m"), by=by).output_field == other
    renamed = planned(ask("own/m", max_tokens=100), by=by)
    changes = renamed.splice(renamed.bounds)
    assert changes is not None
    assert (changes.output_field, changes.output_bound) == (other, 100)
    # Untested, its own field is left to the caller.
    assert planned(ask("own/m", max_tokens=100)).output_field == "max_tokens"
    assert planned(unbounded("own/m")).output_field == "max_tokens"


def test_but_not_where_the_vendor_or_the_person_names_one() -> None:
    other = "max_completion_tokens"
    for target, usual in (("p/m", "max_tokens"), ("own/named", "max_output_tokens")):
        by = knowing(target, output_field=other, keeps_bound=True)
        assert planned(unbounded(target), by=by).output_field == usual


def test_usage_is_not_asked_for_where_that_is_refused() -> None:
    asked = ask(stream=True)
    asked.pop("stream_options", None)
    assert planned(asked).strip_usage
    assert planned(asked, by=knowing(include_usage=True)).strip_usage
    made = planned(asked, by=knowing(include_usage=False))
    assert not made.strip_usage
    # What nobody says is never given back: the hold is the same.
    assert made.amount(made.bounds) == planned(asked).amount(planned(asked).bounds)


def test_a_stream_that_comes_in_one_piece_is_known_as_such() -> None:
    assert planned(ask(), by=knowing(bursts=True)).bursts
    assert not planned(ask(), by=knowing(bursts=False)).bursts
    assert not planned(ask()).bursts
