"""Caps: lowering is free, raising needs a person, with and without a proxy."""

from __future__ import annotations

import json

import pytest
from click import UsageError

from faregate.cli.budget import amount_of, is_raise, slot_of
from faregate.cli.exit_codes import ExitCode
from faregate.config.kinds import Cap
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.config.sections.budgets import MONTHLY, SESSION, Slot
from faregate.core.money import Money
from faregate.core.windows import WindowKind
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal
from tests.control import scenes


@pytest.mark.parametrize(
    ("target", "window", "slot"),
    [
        ("monthly", None, MONTHLY),
        ("monthly", "month", MONTHLY),
        ("session", None, SESSION),
        ("weekly", None, Slot("global", None, WindowKind.WEEK)),
        ("total", None, Slot("global", None, WindowKind.TOTAL)),
        ("global", "day", Slot("global", None, WindowKind.DAY)),
        ("agent:codex", None, Slot("agent", "codex", WindowKind.MONTH)),
        ("model:openai/gpt-5", "week", Slot("model", "openai/gpt-5", WindowKind.WEEK)),
        ("customer", "total", Slot("customer", None, WindowKind.TOTAL)),
    ],
)
def test_targets(target: str, window: str | None, slot: Slot) -> None:
    assert slot_of(target, window) == slot


@pytest.mark.parametrize(
    ("target", "window"),
    [("montly", None), ("agent:", None), ("monthly", "day"), ("global", "session")],
)
def test_targets_that_are_none(target: str, window: str | None) -> None:
    with pytest.raises(UsageError):
        slot_of(target, window)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("50", Money.usd(50)),
        ("$49.50", Money.usd("49.5")),
        ("0.000001", Money(10**6)),
        ("50 USD", Money.usd(50)),
        (".5", Money.usd("0.5")),
        ("0", Money(0)),
        ("none", None),
        ("Unlimited", None),
    ],
)
def test_amounts(text: str, amount: Money | None) -> None:
    assert amount_of(text) == amount


@pytest.mark.parametrize(
    "text",
    ["-1", "+1", "1e3", "1,000", "1_000", "ten", "", "nan", "inf", "1.2.3", "\u0665",
     "1e-20", "0.0000001", "99999999999"],
)  # fmt: skip
def test_amounts_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        amount_of(text)


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [
        (Money.usd(20), Money.usd(50), True),
        (Money.usd(20), None, True),
        (Money.usd(20), Money.usd(20), False),
        (Money.usd(20), Money.usd(19), False),
        (None, Money.usd(5), False),
        (None, None, False),
    ],
)
def test_what_raises(before: Money | None, after: Money | None, raised: bool) -> None:
    assert is_raise(before, Cap(after)) is raised


def test_lowering_without_a_proxy_writes_the_override(cli: Cli, paths: Paths) -> None:
    result = cli("budget", "set", "monthly", "5")
    assert (result.code, result.out) == (0, "monthly: $5.00\n")
    assert f"kept in {paths.overrides}" in result.err
    assert "from the next start on" in result.err
    assert load(paths).budget.monthly == Money.usd(5)


def test_lowering_with_a_proxy_asks_the_proxy_alone(
    cli: Cli, proxy: AskedProxy, paths: Paths
) -> None:
    result = cli("budget", "set", "agent:codex", "2.50", "--window", "day", "--json")
    assert result.code == 0
    assert json.loads(result.out) == {
        "scope": "agent:codex",
        "window": "day",
        "limit": "2.5",
        "before": None,
        "live": True,
    }
    assert proxy.asked("/v1/budgets") == [
        {"scope": "agent:codex", "window": "day", "limit": "2.5"}
    ]
    assert "x-faregate-confirmed" not in proxy.seen[-1].headers
    assert not paths.overrides.exists()


def test_raising_in_a_terminal_is_confirmed_by_the_amount(paths: Paths) -> None:
    ended = in_terminal("budget", "set", "monthly", "50", answer="50")
    assert ended.code == 0
    assert "from $20.00 to $50.00?" in ended.screen
    assert load(paths).budget.monthly == Money.usd(50)


@pytest.mark.parametrize("answer", ["", "y", "yes", "20", "500"])
def test_another_answer_changes_nothing(paths: Paths, answer: str) -> None:
    ended = in_terminal("budget", "set", "monthly", "50", answer=answer)
    assert ended.code == ExitCode.REFUSED
    assert "nothing was changed" in ended.screen
    assert load(paths).budget.monthly == Money.usd(20)


def test_a_confirmed_raise_tells_the_proxy_so(paths: Paths, proxy: AskedProxy) -> None:
    assert in_terminal("budget", "set", "monthly", "none", answer="none").code == 0
    assert proxy.asked("/v1/budgets") == [
        {"scope": "global", "window": "month", "limit": None}
    ]
    assert proxy.seen[-1].headers["x-faregate-confirmed"] == "tty"


def test_raising_inside_a_run_is_refused_unasked(paths: Paths) -> None:
    ended = in_terminal(
        "budget", "set", "monthly", "50", answer="50",
        environ={"FAREGATE_SESSION": "codex-1"},
    )  # fmt: skip
    assert ended.code == ExitCode.REFUSED
    assert "own cap" in ended.screen
    assert "to confirm" not in ended.screen
    assert load(paths).budget.monthly == Money.usd(20)


def test_lowering_inside_a_run_is_free(
    cli: Cli, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_SESSION", "codex-1")
    assert cli("budget", "set", "monthly", "5").code == 0


def test_the_admin_secret_stands_in_for_a_terminal(
    cli: Cli, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.admin_secret.write_text("s3cret\n")
    paths.admin_secret.chmod(0o600)
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", "wrong")
    result = cli("budget", "set", "monthly", "50")
    assert result.code == ExitCode.REFUSED
    assert "s3cret" not in result.err
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", "s3cret")
    assert cli("budget", "set", "monthly", "50").code == 0
    assert load(paths).budget.monthly == Money.usd(50)


def test_the_proxys_refusal_is_passed_on(cli: Cli, proxy: AskedProxy) -> None:
    proxy.refuse("/v1/budgets", 400, "bad_request", "no such scope")
    result = cli("budget", "set", "agent:x", "1")
    assert result.code == ExitCode.FAILED
    assert "no such scope" in result.err


def test_a_proxy_that_knows_a_lower_cap_makes_us_ask(
    paths: Paths, proxy: AskedProxy
) -> None:
    proxy.refuse("/v1/budgets", 403, "forbidden", "this needs a person")
    ended = in_terminal("budget", "set", "agent:x", "3", answer="3")
    assert ended.code == 0
    assert len(proxy.asked("/v1/budgets")) == 2
    assert proxy.seen[-1].headers["x-faregate-confirmed"] == "tty"


def test_showing_limits_and_what_was_spent(
    cli: Cli, proxy: AskedProxy, paths: Paths
) -> None:
    paths.config.write_text("[budget]\nmonthly = 200\nsession = 3\n")
    paths.overrides.write_text("[budget]\nsession = 2\n")
    result = cli("budget")
    assert result.out == cli("budget", "show").out
    lines = result.out.splitlines()
    assert lines[1].split()[:4] == ["monthly", "$200.00", "$164.20", "$0.00"]
    assert lines[2].split()[:4] == ["each", "session", "$2.00", "-"]
    assert "budget.session = 2 (overrides.toml) hides 3" in result.err
    told = cli("budget", "set", "daily", "1").err
    assert "session" not in told
    assert "wins over" not in told
    told = cli("budget", "set", "session", "1").err
    assert f"kept in {paths.overrides}, where it wins over 3 in config.toml" in told
    assert cli("budget", "--json").out == cli("budget", "show", "--json").out
    document = json.loads(cli("budget", "show", "--json").out)
    assert document["budgets"][0]["spent"] == "164.20"
    assert document["budgets"][1]["spent"] is None


@pytest.mark.parametrize(
    ("scope", "window", "command"),
    [
        ("global", "month", "faregate budget set monthly AMOUNT"),
        ("global", "day", "faregate budget set daily AMOUNT"),
        ("agent:codex", "week", "faregate budget set agent:codex AMOUNT --window week"),
    ],
)
def test_a_full_budget_tells_how_to_go_on(
    scope: str, window: str, command: str, cli: Cli, proxy: AskedProxy
) -> None:
    full = scenes.budget("20", "20", scope=scope, window=window, refusing=True)
    proxy.snapshot = scenes.snapshot(budgets=[full])
    told = cli("budget").err
    assert command in told
    slot = slot_of(command.split()[3], window if ":" in scope else None)
    assert (slot.scope, slot.window) == (scope, window)
    assert "To raise it" not in cli("budget", "show", "--json").out


def test_a_closed_budget_says_why_what_that_means_and_what_opens_it(
    cli: Cli, proxy: AskedProxy
) -> None:
    closed = scenes.budget("0.0013", "0.50", refusing=True, closed=True)
    proxy.snapshot = scenes.snapshot(budgets=[closed])
    for told in (cli("budget").err, cli("status").out):
        assert "monthly is closed, although" in told
        assert "$0.0013 of $0.50 is spent" in told
        assert "dearer than the money that was held for it" in told
        assert "nothing more goes out" in told
        assert "raise it above $0.50: faregate budget set monthly AMOUNT" in told
        assert "faregate holds correct ID COST" in told
    assert cli("budget").err.count("faregate budget set") == 1
    assert json.loads(cli("status", "--json").out)["budgets"][0]["closed"] is True
    (row,) = json.loads(cli("budget", "--json").out)["budgets"]
    assert row["closed"] is True
    assert "global month is closed" in cli("status", "--line").out


def test_showing_without_a_proxy(cli: Cli) -> None:
    result = cli("budget", "show", "--json")
    assert result.code == 0
    (row,) = json.loads(result.out)["budgets"]
    assert (row["scope"], row["window"], row["limit"]) == ("global", "month", "20")


def test_a_raise_for_a_while_is_said_and_asked_for(
    cli: Cli, paths: Paths, proxy: AskedProxy
) -> None:
    ended = in_terminal("budget", "set", "monthly", "50", "--for", "2h", answer="50")
    assert ended.code == 0
    assert "to $50.00 for 2h?" in ended.screen
    assert "then $20.00 again" in ended.screen
    assert proxy.asked("/v1/budgets") == [
        {"scope": "global", "window": "month", "limit": "50", "for_s": 7200.0}
    ]
    assert not paths.overrides.exists()


@pytest.mark.parametrize("words", [["5", "--for", "2h"], ["50", "--for", "soon"]])
def test_only_a_raise_is_for_a_while(
    cli: Cli, proxy: AskedProxy, words: list[str]
) -> None:
    assert cli("budget", "set", "monthly", *words).code == ExitCode.USAGE
    assert proxy.asked("/v1/budgets") == []


@pytest.mark.parametrize("amount", ["-5", "-0.5", "$-5", "-$5", "-1,000"])
def test_an_amount_below_zero_is_told_with_an_example(amount: str, cli: Cli) -> None:
    result = cli("budget", "set", "monthly", amount)
    assert result.code == ExitCode.USAGE
    assert f"{amount} is below zero" in result.err
    assert "faregate budget set monthly 5" in result.err
    assert "No such option" not in result.err
    failed = json.loads(cli("budget", "set", "monthly", amount, "--json").out)
    assert "below zero" in failed["error"]["message"]


def test_a_wrong_option_is_still_an_option(cli: Cli) -> None:
    result = cli("budget", "set", "monthly", "5", "-x")
    assert result.code == ExitCode.USAGE
    assert "-x" in result.err
    assert "below zero" not in result.err
