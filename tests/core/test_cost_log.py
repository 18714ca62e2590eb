from __future__ import annotations

from faregate.core.cost_log import AttemptEntry
from faregate.core.money import Money


def test_input_tokens_are_all_of_the_prompt() -> None:
    entry = AttemptEntry(
        attempt="a",
        request="a",
        at_ms=0,
        session="s",
        root="s",
        provider="p",
        model="m",
        served_model=None,
        protocol="openai_chat",
        state="settled",
        first_attempt=True,
        client_retry=False,
        uncached_input=1,
        cache_read=20,
        cache_write_5m=300,
        cache_write_1h=4000,
        output=50_000,
        reasoning=7,
        server_tool_calls=0,
        tool_calls=0,
        usage_source=None,
        held=Money(0),
        cost=Money(0),
        cost_source=None,
        price_source=None,
    )
    assert entry.input_tokens == 4321
