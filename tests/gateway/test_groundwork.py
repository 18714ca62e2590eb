"""What is decided once for a kind of request is what each request would get."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from faregate.core.capabilities import Capabilities
from faregate.core.identity import Claim, Grant
from faregate.core.refusal import Refusal
from faregate.gateway.groundwork import DAY_MS
from faregate.gateway.inbound import Inbound
from faregate.gateway.learning import Lesson
from faregate.gateway.plan import Plan
from faregate.gateway.planning import Planner
from faregate.protocols.codec import RequestHead
from faregate.protocols.registry import codec_for
from tests.gateway.building import NOW_MS
from tests.gateway.gates import ask
from tests.gateway.planners import WHO, planner

PATH = "/v1/chat/completions"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
IMAGE = [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]
UNBOUND: dict[str, Any] = {"max_tokens": None}
FLEX = ask(service_tier="flex")
BODIES: tuple[dict[str, Any], ...] = (
    ask(),
    ask(stream=False),
    ask("p/small"),
    ask("p/tiered"),
    ask("h/m"),
    ask("own/m"),
    ask("own/named"),
    ask("own/sonar-pro"),
    ask("plan/m"),
    ask(**UNBOUND),
    ask("p/small", **UNBOUND),
    ask(max_tokens=None, max_completion_tokens=50),
    ask(n=3),
    ask(tools=[TOOL]),
    FLEX,
    ask(stream_options={"include_usage": False}),
    ask("p/small", messages=[{"role": "user", "content": IMAGE}]),
    ask(web_search_options={}),
    ask("p/none"),
)


class Caller:
    """One head, and the requests that come with it."""

    def __init__(self, *, key: str | None = None, token: bool = True) -> None:
        headers = {"user-agent": "agent/1"}
        if key is not None:
            headers["x-api-key"] = key
        self.head = RequestHead(method="POST", path=PATH, headers=headers)
        self.grant = Grant() if token else None

    def plan(
        self, by: Planner, body: dict[str, Any], later_ms: int = 0
    ) -> Plan | Refusal:
        found = codec_for("POST", PATH)
        assert found is not None
        data = json.dumps(body).encode()
        inbound = Inbound(
            id="r",
            head=self.head,
            body=data,
            codec=found[0],
            work=found[1],
            grant=self.grant,
            url=Claim(),
            labels=Claim(),
            received_ms=NOW_MS + later_ms,
        )
        return by.plan(inbound, found[0].inspect(self.head, data), WHO)

    def planned(self, by: Planner, body: dict[str, Any], later_ms: int = 0) -> Plan:
        made = self.plan(by, body, later_ms)
        assert isinstance(made, Plan), made
        return made


def said(plan: Plan | Refusal) -> object:
    """Return all of a plan that can be compared."""
    if isinstance(plan, Refusal):
        return plan
    return structs.replace(plan, row_of=_no_row)


def _no_row(_service: str | None) -> None:
    return None


def test_whatever_came_before_a_request_gets_its_own_plan() -> None:
    by, caller = planner(), Caller()
    for body in (*BODIES, *reversed(BODIES), *BODIES):
        assert said(caller.plan(by, body)) == said(Caller().plan(planner(), body))


def test_what_is_sent_along_is_made_once_for_a_caller() -> None:
    by, caller = planner(), Caller()
    first, again = (caller.planned(by, ask()) for _ in range(2))
    assert first.headers is again.headers
    assert Caller().planned(by, ask()).headers is not first.headers


def test_a_key_of_its_own_is_kept_for_nobody() -> None:
    by, caller = planner(), Caller(key="sk-own", token=False)
    first, again = (caller.planned(by, ask()) for _ in range(2))
    assert first.headers is not again.headers
    assert first.headers["x-api-key"] == "sk-own"


@pytest.mark.parametrize("field", ["max_completion_tokens", None])
def test_what_is_learned_counts_from_the_next_request_on(field: str | None) -> None:
    by, caller = planner(), Caller()
    before = caller.planned(by, ask(**UNBOUND))
    assert before.output_field == "max_tokens"
    lesson = Lesson(maximum=500, field=field)
    by.learn(before.target, "openai_chat", lesson)
    after = caller.planned(by, ask(**UNBOUND))
    assert after.bounds.output == 500
    assert after.output_field == (field or "max_tokens")


def test_what_a_smoke_test_shows_counts_from_the_next_request_on() -> None:
    by, caller = planner(), Caller()
    assert not caller.planned(by, ask()).bursts
    by.tested.take({("p/m", "openai_chat"): Capabilities(bursts=True)})
    assert caller.planned(by, ask()).bursts
    by.tested.take({})
    assert not caller.planned(by, ask()).bursts


def test_a_price_is_that_of_its_day() -> None:
    by, caller = planner(), Caller()
    table: Any = by
    days: list[Any] = []
    real = table._prices.row

    def row(provider: str, model: str, at: Any, *, service: Any = None) -> Any:
        days.append(at)
        return real(provider, model, at, service=service)

    table._prices.row = row
    for later in (0, 1, DAY_MS, DAY_MS + 1):
        caller.planned(by, ask(), later)
    assert len(set(days)) == len(days) == 2


def test_many_kinds_are_forgotten_and_decided_anew() -> None:
    by = planner()
    first = Caller()
    headers = first.planned(by, ask()).headers
    for _ in range(300):
        Caller().planned(by, ask())
    again = first.planned(by, ask()).headers
    assert again == headers
    assert again is not headers
