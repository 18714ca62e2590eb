"""What is billed beside the text is in the plan, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faregate.core.model_facts import ModelFacts
from faregate.core.policy import Unpriced
from faregate.core.pricing import CostSource
from faregate.core.refusal import RefusalCode
from faregate.core.usage import Usage
from faregate.gateway.settings import GateSettings
from faregate.providers.price_table import PriceTable
from tests.gateway.gates import ask
from tests.gateway.planners import planned, planner, refused

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
