"""How a question looks in a terminal."""

from __future__ import annotations

from faregate.cli.deciding import card, waiting_lines
from tests.cli.test_approve import PUSH, waits


def test_the_card_of_a_request_has_what_it_costs() -> None:
    lines = card(waits("apr_a1"))
    assert lines[0] == "apr_a1  codex in session codex-1"
    assert "  cost   about $1.92, at most $6.10" in lines


def test_the_card_of_calls_has_the_calls() -> None:
    lines = card(PUSH)
    assert '  call   Bash {"command":"git push"}' in lines
    assert not any(line.startswith("  cost") for line in lines)


def test_calls_cost_nothing_more() -> None:
    (_, line) = waiting_lines([PUSH])
    assert line.split()[4] == "paid"
