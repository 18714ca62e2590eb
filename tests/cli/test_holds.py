"""Listing holds and resolving what nobody can tell."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from faregate.control.cost_log import CorrectedView
from faregate.control.models import HoldView
from faregate.server.cost_views import explain_view
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal
from tests.server.rows import explained


def hold(name: str, **changes: object) -> HoldView:
    fields: dict[str, object] = {
        "id": name,
        "request": "r1",
        "session": "web/main",
        "provider": "anthropic",
        "model": "claude-opus-4-6",
        "state": "unknown",
        "amount": "1.60",
        "held_at": "2026-11-21T10:00:00Z",
        "why": "the client hung up",
    }
    return HoldView(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def held(proxy: AskedProxy) -> AskedProxy:
    proxy.holds = [hold("a1b2"), hold("a1c3", state="held", why=None), hold("a1")]
    return proxy


def test_listing(cli: Cli, held: AskedProxy) -> None:
    result = cli("holds")
    assert result.code == 0
    assert result.out.splitlines()[1].split()[:3] == ["$1.60", "unknown", "a1b2"]
    assert "faregate holds resolve" in result.err
    document = json.loads(cli("holds", "--json").out)
    assert [each["id"] for each in document["holds"]] == ["a1b2", "a1c3", "a1"]
    assert document["holds"][0]["amount"] == "1.60"


def test_listing_nothing(cli: Cli, proxy: AskedProxy) -> None:
    assert cli("holds").out == "no money is held\n"
    assert json.loads(cli("holds", "--json").out) == {"holds": []}


def test_without_a_proxy(cli: Cli) -> None:
    assert cli("holds").code == ExitCode.UNREACHABLE


def test_a_person_resolves(paths: Paths, held: AskedProxy) -> None:
    ended = in_terminal(
        "holds", "resolve", "a1b", "spent", "0.41", "--note", "invoice", answer="yes"
    )
    assert ended.code == 0
    assert "instead of the $1.60 held" in ended.screen
    assert held.asked("/v1/holds/resolve") == [
        {"id": "a1b2", "spent": "0.41", "note": "invoice"}
    ]
    assert held.seen[-1].headers["x-faregate-confirmed"] == "tty"


def test_a_person_voids_and_an_exact_id_wins(paths: Paths, held: AskedProxy) -> None:
    assert in_terminal("holds", "resolve", "a1", "void", answer="yes").code == 0
    assert held.asked("/v1/holds/resolve") == [{"id": "a1", "spent": None}]


def test_a_no_changes_nothing(paths: Paths, held: AskedProxy) -> None:
    ended = in_terminal("holds", "resolve", "a1b2", "void", answer="no")
    assert ended.code == ExitCode.REFUSED
    assert held.asked("/v1/holds/resolve") == []


def test_inside_a_run_it_is_refused(
    cli: Cli, held: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_SESSION", "s1")
    assert cli("holds", "resolve", "a1b2", "void").code == ExitCode.REFUSED
    assert held.asked("/v1/holds/resolve") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["zzz", "void"], ExitCode.FAILED),
        (["a1b2", "spent"], ExitCode.USAGE),
        (["a1b2", "spent", "-1"], ExitCode.USAGE),
        (["a1b2", "spent", "none"], ExitCode.USAGE),
        (["a1b2", "void", "1"], ExitCode.USAGE),
        (["a1b2", "maybe"], ExitCode.USAGE),
    ],
)
def test_bad_verdicts(
    arguments: list[str], code: ExitCode, cli: Cli, held: AskedProxy
) -> None:
    assert cli("holds", "resolve", *arguments).code == code
    assert held.asked("/v1/holds/resolve") == []


def test_a_beginning_that_fits_several_is_refused(cli: Cli, held: AskedProxy) -> None:
    held.holds = held.holds[:2]
    result = cli("holds", "resolve", "a1", "void")
    assert result.code == ExitCode.FAILED
    assert "2 holds begin with" in result.err


@pytest.fixture
def billed(proxy: AskedProxy) -> AskedProxy:
    """A proxy that knows one finished attempt."""
    told = explain_view(explained(attempt="req_1", cost="1000"))
    proxy.answers["GET /v1/requests/req_1"] = told
    proxy.answers["POST /v1/holds/correct"] = CorrectedView(
        attempt="req_1", before="1000", after="0.5", reopened=["monthly budget"]
    )
    return proxy


def test_a_person_corrects(paths: Paths, billed: AskedProxy) -> None:
    ended = in_terminal(
        *("holds", "correct", "req_1", "0.50", "--note", "misread"), answer="yes"
    )
    assert ended.code == 0
    assert "instead of the $1,000.00 booked" in ended.screen
    assert "the monthly budget takes requests again" in ended.screen
    assert billed.asked("/v1/holds/correct") == [
        {"attempt": "req_1", "amount": "0.5", "note": "misread"}
    ]
    assert billed.seen[-1].headers["x-faregate-confirmed"] == "tty"


def test_a_correction_needs_a_person(cli: Cli, billed: AskedProxy) -> None:
    result = cli("holds", "correct", "req_1", "0", "--note", "x", "--json")
    assert result.code == ExitCode.REFUSED
    assert json.loads(result.out)["error"]["code"] == "refused"
    assert billed.asked("/v1/holds/correct") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("req_1", "none", "--note", "x"), ExitCode.USAGE),
        (("req_1", "-3", "--note", "x"), ExitCode.USAGE),
        (("req_1", "1", "--note", " "), ExitCode.USAGE),
        (("req_1", "1"), ExitCode.USAGE),
        (("req_9", "1", "--note", "x"), ExitCode.FAILED),
    ],
)
def test_a_correction_that_cannot_be(
    cli: Cli, billed: AskedProxy, arguments: tuple[str, ...], code: ExitCode
) -> None:
    assert cli("holds", "correct", *arguments).code == code
    assert billed.asked("/v1/holds/correct") == []


def test_no_correction_without_a_proxy(cli: Cli) -> None:
    result = cli("holds", "correct", "req_1", "1", "--note", "x")
    assert result.code == ExitCode.UNREACHABLE
