"""Planners and requests for tests of plans."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from faregate.core.identity import Claim, Grant, Identity
from faregate.core.labels import Labels
from faregate.core.model_facts import ModelFacts
from faregate.core.pricing import PriceRow, Rates, Tier
from faregate.core.refusal import Refusal
from faregate.core.routing import RoutingTable
from faregate.gateway.inbound import Inbound
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
