"""Which plan a request gets, and what it would cost at most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from faregate.core.money import ZERO, Money
from faregate.core.policy import Unpriced
from faregate.core.refusal import RefusalCode
from faregate.core.routing import Target
from faregate.gateway.learning import Lesson
from faregate.gateway.settings import GateSettings
from tests.gateway.building import NOW_MS
from tests.gateway.gates import SPEC, ask
from tests.gateway.planners import planned, planner, refused, unbounded


def test_a_plan_names_its_target_and_its_instant() -> None:
    made = planned(ask())
    assert made.target == Target(provider="p", model="m")
    assert made.received_ms == NOW_MS
    assert made.url == "http://127.0.0.1:9/chat/completions"
    assert made.headers["authorization"] == "Bearer sk-key"
    assert made.metered


def test_a_model_nobody_serves_is_refused_with_what_to_write() -> None:
    refusal = refused(ask("gpt-nowhere"))
    assert refusal.code is RefusalCode.MODEL_NOT_FOUND
    assert "provider/model" in refusal.message


def test_a_model_without_a_price_is_refused_with_the_lines_to_add() -> None:
    refusal = refused(ask("p/new"))
    assert refusal.code is RefusalCode.UNPRICED_MODEL
    assert '[prices."p/new"]' in refusal.message


def test_unpriced_models_may_be_taken_at_the_dearest_price() -> None:
    by = planner(settings=GateSettings(unpriced=Unpriced.DEAREST))
    made = planned(ask("p/new"), by=by)
    assert made.amount(made.bounds) >= Money.usd("0.20")


def test_or_passed_uncounted() -> None:
    by = planner(settings=GateSettings(unpriced=Unpriced.ALLOW))
    made = planned(unbounded("p/new"), by=by)
    assert made.row is None
    assert made.amount(made.bounds) == ZERO
    changes = made.splice(made.bounds)
    assert changes is not None
    assert changes.output_bound is None


def test_a_missing_key_says_where_it_belongs() -> None:
    refusal = refused(ask(), by=planner(keys=False))
    assert refusal.code is RefusalCode.KEY_MISSING
    assert "P_KEY" in refusal.message
    # A caller with a key of its own needs none of ours.
    assert (
        planned(ask(), by=planner(keys=False), own_key=True).headers["authorization"]
        == "Bearer x"
    )


def test_a_dialect_that_the_provider_does_not_speak_is_refused() -> None:
    by = planner()
    narrow: Any = by
    narrow._specs = {**narrow._specs, "p": replace(SPEC, base_urls={})}
    refusal = refused(ask(), by=by)
    assert refusal.code is RefusalCode.BAD_REQUEST
    assert "does not speak" in refusal.message


def test_a_plan_with_a_flat_rate_holds_nothing() -> None:
    made = planned(ask("plan/m"))
    assert not made.metered
    assert made.amount(made.bounds) == ZERO


def test_what_was_learned_bounds_what_is_sent_next() -> None:
    by = planner()
    by.learn(Target(provider="p", model="m"), "openai_chat", Lesson(maximum=5_000))
    assert planned(unbounded(), by=by).bounds.output == 5_000
    assert planned(unbounded(), by=by, most=3_000).bounds.output == 3_000
    # What the agent names is its own affair.
    assert planned(ask(max_tokens=9_000), by=by).bounds.output == 9_000


def test_a_field_that_is_refused_is_left_out_and_the_maximum_held() -> None:
    by = planner()
    target = Target(provider="p", model="small")
    by.learn(target, "openai_chat", Lesson(no_field=True))
    made = planned(unbounded("p/small"), by=by)
    assert made.output_field is None
    assert made.bounds.output == 2_000
    by.learn(target, "openai_chat", Lesson(field="max_completion_tokens"))
    assert planned(unbounded("p/small"), by=by).output_field == "max_completion_tokens"


def test_an_image_without_a_known_window_has_no_bound() -> None:
    image = {"type": "image_url", "image_url": {"url": "http://x/y.png"}}
    body = ask(messages=[{"role": "user", "content": [image]}])
    refusal = refused(body)
    assert refusal.code is RefusalCode.UNPRICED_MODEL
    assert '[models."p/m"]' in refusal.message
    assert planned({**body, "model": "p/small"}).bounds.input == 4_000


def test_the_window_of_a_model_is_told() -> None:
    assert planner().window_of("p/small") == 4_000
    assert planner().window_of("p/m") is None
