"""`faregate limits`: every limit, with its source."""

from __future__ import annotations

import json

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from faregate.control.governing import LimitsView, LimitView
from faregate.core.limits.effective import NAMES
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli


def test_without_a_proxy_the_configured_ones_are_shown(cli: Cli, paths: Paths) -> None:
    paths.config.write_text(
        '[limits]\nrequests = 5\n[limits.agent.x]\nretries = "none"'
    )
    result = cli("limits")
    rows = {line.split()[0]: line.split()[1:] for line in result.out.splitlines()}
    assert set(rows) == {"LIMIT", *NAMES}
    assert rows["requests"] == ["5", "[limits]"]
    assert rows["wall_clock"] == ["4h00m", "default"]
    assert rows["input_tokens"] == ["none", "default"]
    document = json.loads(cli("limits", "--agent", "x", "--json").out)
    (retries,) = [e for e in document["limits"] if e["name"] == "retries"]
    assert (retries["limit"], retries["source"]) == (None, "[limits.agent.x]")


def test_a_session_needs_a_proxy(cli: Cli) -> None:
    assert cli("limits", "s1").code == ExitCode.UNREACHABLE


def test_a_session_shows_what_counts(cli: Cli, proxy: AskedProxy) -> None:
    proxy.limits = LimitsView(
        session="s1",
        agent="codex",
        limits=[
            LimitView(name="requests", limit="100", used="41", source="faregate run"),
            LimitView(
                name="spend_per_minute",
                limit="0.5",
                used="0.1",
                source="[limits]",
                hit=3,
            ),
            LimitView(name="retries", limit=None, used=None, source="default"),
        ],
    )
    result = cli("limits", "s1")
    assert [line.split() for line in result.out.splitlines()] == [
        ["LIMIT", "VALUE", "USED", "HIT", "FROM"],
        ["requests", "100", "41", "-", "faregate", "run"],
        ["spend_per_minute", "$0.50", "$0.10", "3", "[limits]"],
        ["retries", "none", "-", "-", "default"],
    ]
    assert proxy.seen[-1].path == "/v1/limits?session=s1"
    assert cli("limits", "s1", "--agent", "x").code == ExitCode.USAGE


def test_what_was_set_says_what_it_hides_and_until_when(
    cli: Cli, proxy: AskedProxy
) -> None:
    each = LimitView(
        name="requests",
        limit="9",
        used="1",
        source="faregate limits --session",
        without="none",
        until="2026-11-23T21:32:57Z",
    )
    other = LimitView(name="retries", limit="5", used="1", source="default")
    proxy.limits = LimitsView(session="s1", agent=None, limits=[each, other])
    head, first, second = cli("limits", "s1").out.splitlines()
    assert head.split() == ["LIMIT", "VALUE", "USED", "HIT", "FROM", "HIDES", "UNTIL"]
    assert first.endswith("faregate limits --session   none  2026-11-23T21:32:57Z")
    assert second.split() == ["retries", "5", "1", "-", "default"]
