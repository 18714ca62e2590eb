"""Which plan a request gets, and what it would cost at most."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from faregate.core.capabilities import Capabilities
from faregate.core.estimate import UNKNOWN_MAXIMUM
from faregate.core.identity import Claim, Grant, Identity
from faregate.core.labels import Labels
from faregate.core.model_facts import ModelFacts
from faregate.core.money import ZERO, Money
from faregate.core.policy import Unpriced
from faregate.core.pricing import CostSource, PriceRow, Rates, Tier
from faregate.core.refusal import Refusal, RefusalCode
from faregate.core.routing import RoutingTable, Target
from faregate.core.usage import Usage
from faregate.gateway.inbound import Inbound
from faregate.gateway.learning import Lesson
from faregate.gateway.plan import Plan
from faregate.gateway.planning import Planner
from faregate.gateway.settings import GateSettings
from faregate.gateway.turns import Turns
from faregate.protocols.codec import RequestHead
from faregate.protocols.flags import COMPLETION_EXCLUDES_REASONING
from faregate.protocols.registry import codec_for
from faregate.providers.price_table import PriceTable
from faregate.providers.spec import Billing, ProviderSpec
from tests.gateway.building import NOW_MS
from tests.gateway.gates import SPEC, ask, row

WHO = Identity(
    session="s", root_session="s", parent=None, labels=Labels(), source="token"
)
REGIONAL = replace(
    SPEC,
    name="r",
    regions={"us": SPEC.base_urls, "eu": SPEC.base_urls},
    region_multipliers={"us": (11, 10), "eu": (12, 10)},
)
HIDING = replace(SPEC, name="h", usage_flags=frozenset({COMPLETION_EXCLUDES_REASONING}))
OWN = replace(SPEC, name="own", output_fields_known=False)
PLANNED = replace(SPEC, name="plan", billing=Billing.SUBSCRIPTION)
TIERED = row(
    "p",
    "tiered",
    tiers=(
        Tier(
            above_input=200_000,
            rates=Rates.per_mtok(input=Decimal(2), output=Decimal(20)),
        ),
    ),
)
FACTS = {
    ("p", "small"): ModelFacts(context=4_000, max_output=2_000),
    ("p", "tiered"): ModelFacts(context=200_000, max_output=64_000),
    ("h", "m"): ModelFacts(max_output=8_000),
    ("own", "named"): ModelFacts(output_field="max_output_tokens"),
}


def planner(
    *,
    settings: GateSettings | None = None,
    regions: dict[str, str] | None = None,
    keys: bool = True,
) -> Planner:
    specs: dict[str, ProviderSpec] = {
        spec.name: spec for spec in (SPEC, REGIONAL, HIDING, PLANNED, OWN)
    }
    rows: tuple[PriceRow, ...] = (
        row("p"),
        row("p", "small"),
        TIERED,
        row("r"),
        row("h"),
    )
    rows += (row("own"), row("own", "named"), row("own", "sonar-pro"))
    return Planner(
        specs=specs,
        prices=PriceTable().with_overrides(rows, FACTS),
        table=RoutingTable(providers=frozenset(specs)),
        key_of=lambda _name: "sk-key" if keys else None,
        settings=settings or GateSettings(),
        turns=Turns(),
        regions=regions,
    )


def plan(
    body: dict[str, Any],
    path: str = "/v1/chat/completions",
    *,
    by: Planner | None = None,
    own_key: bool = False,
    most: int | None = None,
) -> Plan | Refusal:
    found = codec_for("POST", path)
    assert found is not None
    codec, work = found
    data = json.dumps(body).encode()
    head = RequestHead(method="POST", path=path, headers={"authorization": "Bearer x"})
    inbound = Inbound(
        id="r",
        head=head,
        body=data,
        codec=codec,
        work=work,
        grant=None if own_key else Grant(),
        url=Claim(),
        labels=Claim(),
        received_ms=NOW_MS,
    )
    return (by or planner()).plan(inbound, codec.inspect(head, data), WHO, most=most)


def planned(
    body: dict[str, Any], path: str = "/v1/chat/completions", **how: Any
) -> Plan:
    made = plan(body, path, **how)
    assert isinstance(made, Plan), made
    return made


def refused(body: dict[str, Any], **how: Any) -> Refusal:
    made = plan(body, **how)
    assert isinstance(made, Refusal), made
    return made


def unbounded(model: str = "p/m", **more: Any) -> dict[str, Any]:
    body = ask(model, **more)
    del body["max_tokens"]
    return body


def test_a_plan_names_its_target_and_its_instant() -> None:
    made = planned(ask())
    assert made.target == Target(provider="p", model="m")
    assert made.at == datetime.fromtimestamp(NOW_MS / 1000, UTC)
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


@pytest.mark.parametrize(
    ("region", "asked", "factor"),
    [("", None, 10), ("us", None, 11), ("us", "eu", 12), ("", "mars", 12)],
)
def test_a_region_can_cost_more(region: str, asked: str | None, factor: int) -> None:
    by = planner(regions={"r": region} if region else None)
    body = {"model": "r/m", "max_tokens": 1_000, "messages": []}
    if asked is not None:
        body["inference_geo"] = asked
    made = planned(body, "/v1/messages", by=by)
    usage = Usage(uncached_input=1_000, output=1_000)
    plain = Money.usd("0.011")
    assert made.cost(usage, None).amount == Money(plain.pico * factor // 10)
    assert made.amount(made.bounds) >= Money.usd("0.001") * factor


def test_reasoning_beyond_the_bound_is_held_and_never_sent() -> None:
    made = planned(ask("h/m", max_tokens=1_000, stream=False))
    assert made.bounds.billable_output == 9_000
    assert made.amount(made.bounds) > Money.usd("0.09")
    changes = made.splice(made.bounds)
    assert changes is not None
    assert changes.output_bound is None
    assert changes.model == "m"


def test_such_reasoning_of_a_model_nobody_knows_is_a_lot() -> None:
    by = planner()
    prices: Any = by
    prices._prices = PriceTable().with_overrides((row("h"),))
    made = planned(ask("h/m", max_tokens=1_000), by=by)
    assert made.bounds.hidden_output == UNKNOWN_MAXIMUM


def test_the_window_bounds_the_input() -> None:
    long = ask("p/small", messages=[{"role": "user", "content": "x" * 50_000}])
    assert planned(long).bounds.input == 4_000


def test_but_not_one_that_the_price_list_goes_beyond() -> None:
    body = ask("p/tiered", messages=[{"role": "user", "content": "x" * 300_000}])
    made = planned(body)
    assert made.bounds.input > 300_000
    assert made.amount(made.bounds) > Money.usd("0.60")


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


RESPONSES = "/v1/responses"


def drawing(kind: str, model: str = "p/m") -> dict[str, Any]:
    return {"model": model, "input": "x", "tools": [{"type": kind}]}


@pytest.mark.parametrize("kind", ["image_generation", "code_interpreter"])
def test_a_tool_that_no_table_prices_is_refused_under_a_cap(kind: str) -> None:
    refusal = refused(drawing(kind), path=RESPONSES)
    assert refusal.code is RefusalCode.UNPRICED_MODEL
    assert f"the tool {kind} at p/m" in refusal.message
    assert 'unpriced = "allow"' in refusal.message
    planned(drawing("web_search"), RESPONSES)
    allowing = planner(settings=GateSettings(unpriced=Unpriced.ALLOW))
    planned(drawing(kind), RESPONSES, by=allowing)
    dearest = planner(settings=GateSettings(unpriced=Unpriced.DEAREST))
    refused(drawing(kind), path=RESPONSES, by=dearest)
    planned(drawing(kind, "plan/any"), RESPONSES)


def hearing(model: str) -> dict[str, Any]:
    sound = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
    return ask(model, messages=[{"role": "user", "content": [sound]}])


def test_sound_takes_its_own_price_or_is_refused() -> None:
    prices = PriceTable.from_json(
        json.dumps(
            {
                "schema": 1,
                "generated": "2026-11-23",
                "sources": {},
                "rows": [
                    {"provider": "p", "model": name, "in": "1", "out": "10", **more}
                    for name, more in {
                        "loud": {"audio_in": "5"},
                        "same": {"audio_in": "1"},
                        "mute": {},
                    }.items()
                ],
            }
        )
    ).with_overrides((), {("p", "*"): ModelFacts(context=4_000)})
    by = planner()
    by._prices = prices
    loud, same = planned(hearing("p/loud"), by=by), planned(hearing("p/same"), by=by)
    assert loud.row is not None
    assert loud.row.base.input == 5_000_000
    text = planned(ask("p/loud"), by=by)
    assert text.row is not None
    assert text.row.base.input == 1_000_000
    assert loud.amount(loud.bounds) > same.amount(same.bounds)
    used = Usage(uncached_input=1_000, output=10)
    assert loud.cost(used, None).source is CostSource.ESTIMATED
    assert same.cost(used, None).source is CostSource.TABLE
    refusal = refused(hearing("p/mute"), by=by)
    assert "No price is known for sound at p/mute" in refusal.message


def test_a_model_that_searches_unasked_is_held_for_its_rounds() -> None:
    usual, searching = planned(ask("own/m")), planned(ask("own/sonar-pro"))
    assert usual.bounds.server_tool_calls == 0
    assert searching.bounds.server_tool_calls == 3
    assert searching.amount(searching.bounds) > usual.amount(usual.bounds)
