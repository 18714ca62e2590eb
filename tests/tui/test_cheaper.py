from __future__ import annotations

from datetime import date

from faregate.core.money import Money
from faregate.tui.cheaper import bundled_prices, cheaper

DAY = date(2026, 11, 21)
OPUS = "anthropic/claude-opus-4-6"
SONNET = "anthropic/claude-sonnet-4-6"


def told(*others: str, target: str = OPUS, estimate: str = "1.92") -> str | None:
    found = cheaper(
        bundled_prices(),
        target,
        Money.usd(estimate),
        others,
        input_tokens=180_000,
        at=DAY,
    )
    return None if found is None else f"{found.target} {found.estimate}"


def test_the_same_providers_model_goes_first() -> None:
    assert told(SONNET, "zai/glm-4.6") == f"{SONNET} $1.15"
    assert (told("zai/glm-4.6") or "").startswith("zai/glm-4.6 $0.")


def test_nothing_dearer_nothing_unpriced_nothing_that_speaks_otherwise() -> None:
    assert told(OPUS) is None
    assert told() is None
    assert told("anthropic/unheard-of") is None
    assert told("gemini/gemini-2.5-flash") is None
    assert told(SONNET, target="mine/unheard-of") is None
    assert told(SONNET, estimate="0") is None
