"""What a context fills in, keeps and hides."""

from __future__ import annotations

from dataclasses import replace

from faregate.core.model_facts import ModelFacts
from faregate.smoke.asking.target import SmokeTarget
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from tests.smoke.probing import KEY, MESSAGES, stage


def with_field(target: SmokeTarget) -> SmokeTarget:
    facts = ModelFacts(output_field="max_completion_tokens", context=99)
    return replace(target, prices=replace(target.prices, facts=facts))


async def test_the_models_own_output_field_goes_first() -> None:
    async with stage(change=with_field) as on:
        assert on.ctx.output_field == "max_completion_tokens"
        assert on.ctx.window == 99
        asked = await on.ctx.ask(Wanted(prompt="Hi", max_output=7))
    assert asked.sent["max_completion_tokens"] == 7


async def test_a_dialect_with_one_field_keeps_it() -> None:
    async with stage(MESSAGES, change=with_field) as on:
        asked = await on.ctx.ask(Wanted(prompt="Hi", max_output=7))
    assert asked.sent["max_tokens"] == 7


async def test_usage_is_no_longer_asked_for_once_refused() -> None:
    async with stage() as on:
        on.ctx.ask_usage = False
        asked = await on.ctx.ask(Wanted(prompt="Hi", stream=True))
    assert "stream_options" not in asked.sent


async def test_it_keeps_what_was_asked_by_name() -> None:
    async with stage() as on:
        assert on.ctx.kept("x") is None
        first = await on.ctx.once("x", lambda ctx: ctx.ask(Wanted(prompt="Hi")))
        assert await on.ctx.once("x", lambda ctx: ctx.ask(Wanted(prompt="Hi"))) is first
        assert on.ctx.kept("x") is first
        assert on.ctx.transcripts == [first]
        assert on.ctx.secret == KEY


def test_profiles_include_what_comes_before() -> None:
    assert Profile.QUICK < Profile.FULL < Profile.COSTLY
