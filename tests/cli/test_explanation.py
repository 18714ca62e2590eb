"""What a person reads about one request."""

from __future__ import annotations

import pytest

from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill

LINES = [
    "ended         answered in 1.5s, $0.20",
    "session       shop-1, known by the URL",
    "booked to     workspace shop, agent claude-code, task =1+1, customer acme",
    "asked         claude-sonnet-4-5 (Messages, streamed, 12.3k bytes)",
    "served by     anthropic/claude-sonnet-4-5, by route cheap",
    "times         waited 1.2s, first byte after 410ms, first token after 500ms",
    "limits        3 of 1,000 requests, 1m01s of 4h00m since it began, $0.50 a minute",
    "loop          repeat, 4 times",
    "attempt 1     anthropic/claude-sonnet-4-5, voided, fault connect",
    "  because     fallback: asked in place of another after connect",
    "  held        $0.50 for at most 40,000 tokens in, 32,000 out",
    "  budget      monthly: $1.00 spent, held $0.20 before and $0.70 after, of $20.00",
    "  price       bundled 2026-11-20, since 2026-09-01",
    "              uncached input: 100 at 3 USD per million = $0.0003",
    "              reported by the provider: 1 = $0.20",
    "  note        connection refused",
    "refused       budget exceeded, $19.90 spent of $20.00",
    "              The monthly budget of $20 is spent.",
    "  wasted      tool_arguments",
    "from $0.40 to $0.30 by uid 1: the invoice",
    "decisions     not kept yet, or no more",
    "outcome       accepted",
]


@pytest.fixture
def told(cli: Cli, paths: Paths) -> str:
    fill(paths)
    return "\n".join(
        cli("explain", name).out for name in ("req_1", "req_2", "req_3", "req_4")
    )


def test_each_thing_is_told(told: str) -> None:
    assert [line for line in LINES if line not in told] == []


def test_nothing_reaches_the_terminal_as_a_control(told: str) -> None:
    assert "\x1b" not in told
