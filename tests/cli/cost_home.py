"""A home whose ledger has a cost log: two sessions, a retry, a refusal, a judgement."""

from __future__ import annotations

from typing import Any

from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.core.cost_log import RequestResult
from faregate.core.labels import Labels
from faregate.ledger.ledger import Ledger
from tests.ledger.building import NOW_MS, ending, entry, hold, open_ledger, truth, usd

NOTES = (
    '[{"step":"identity","identity":{"session":"shop-1"}},'
    '{"step":"limits","requests":3,"wall_clock":61.7,"limits":{"requests":1000,'
    '"wall_clock":14400.0,"retries":null,"spend_per_minute":"0.5"}},'
    '{"step":"loop","found":"repeat","times":4},'
    '{"step":"hold","attempt":"req_1","target":"anthropic/claude-sonnet-4-5",'
    '"held":"0.5","price":"bundled 2026-11-20","price_since":"2026-09-01",'
    '"budgets":{"states":[{"budget":{"scope":"global","window":"month",'
    '"limit":"20"},"spent":"1","held":"0.7","unknown":"0"}]}},'
    '{"step":"cost","attempt":"req_1.2","amount":"0.2","source":"table","lines":['
    '{"what":"uncached input","count":100,"rate":3000000,"amount":"0.0003"},'
    '{"what":"reported by the provider","count":1,"rate":7,"amount":"0.2"}]}]'
)
SHOP = Labels(agent="claude-code", workspace="shop", task="=1+1", customer="acme")


def fill(paths: Paths) -> None:
    """Write the ledger of a home."""
    paths.config.write_text("")
    ledger = open_ledger(load(paths).ledger_dir)
    try:
        _fill(ledger)
    finally:
        ledger.close()


def _fill(ledger: Ledger) -> None:
    made: dict[str, Any] = {"session": "shop-1", "labels": SHOP}
    hold(ledger, "req_1", request="req_1", **made)
    ledger.void(ending("req_1", "connection refused", fault="connect", waste="connect"))
    hold(
        ledger,
        "req_1.2",
        request="req_1",
        first_attempt=False,
        cause="fallback:connect",
        route="cheap",
        **made,
    )
    ledger.settle(truth("req_1.2", "0.20", first_token_ms=500))
    other: dict[str, Any] = {
        "session": "aider-1",
        "labels": Labels(agent="aider"),
        "model": "glm-4.7",
    }
    hold(ledger, "req_2", request="req_2", at_ms=NOW_MS + 1000, **other)
    ledger.settle(
        truth("req_2", "0.40", waste="tool_arguments", cost_source="estimated")
    )
    hold(ledger, "req_4", request="req_4", at_ms=NOW_MS + 3000, **other)
    ledger.mark_unknown(ending("req_4", "the stream broke", fault="reset"))
    ledger.correct("req_2", usd("0.30"), note="the invoice", who="uid 1")
    ledger.judge("shop-1", "accepted", note="", who="me")
    ledger.judge("aider-1", "rejected", note="", who="me")
    ledger.log_requests(
        [
            entry(
                "req_1",
                session="shop-1",
                root_session="shop-1",
                labels=SHOP,
                notes=NOTES,
                route="cheap",
                attempts=2,
                waited_ms=1200,
            ),
            entry(
                "req_2",
                session="aider-1",
                root_session="aider-1",
                labels=Labels(agent="aider"),
                at_ms=NOW_MS + 1000,
                model="glm-4.7",
                result=RequestResult.PROVIDER_ERROR,
                status=529,
            ),
            entry(
                "req_3",
                session="aider-1",
                root_session="aider-1",
                labels=Labels(agent="aider"),
                at_ms=NOW_MS + 2000,
                attempts=0,
                provider=None,
                model=None,
                asked="gpt-9\x1b[31m",
                result=RequestResult.REFUSED,
                status=400,
                code="budget_exceeded",
                message="The monthly budget of $20 is spent.",
                notes='[{"step":"refused","refusal":{"code":"budget_exceeded",'
                '"limit":"20","spent":"19.9","message":"m"}}]',
            ),
        ]
    )
