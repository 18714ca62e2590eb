"""`faregate smoke-test`: real ledger, real HTTP, with a proxy and without."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faregate.config.paths import Paths
from faregate.core.money import Money
from faregate.ledger.reports import Reports
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.obedient import Obedient
from faregate.smoke.simulated.server import SimulatedProvider
from tests.cli.conftest import Cli
from tests.running import RunningGate, running_gate
from tests.smoke.in_thread import simulated, threaded
from tests.smoke.probing import KEY

CONFIG = """
[server]
port = 4748
[budget]
monthly = {monthly}
[providers.sim]
kind = "openai"
base_url = "{url}/v1"
protocols = ["openai_chat", "openai_responses", "anthropic_messages"]
key_env = "SIM_SMOKE_KEY"
[providers.keyless]
kind = "openai"
base_url = "{url}/v1"
key_env = "NOT_SET_ANYWHERE"
[providers.gone]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
billing = "free"
[prices."sim/sim-small"]
input = 1.0
output = 10.0
"""
TARGET = "sim/sim-small"


@pytest.fixture
def provider() -> Iterator[SimulatedProvider]:
    with threaded(simulated) as running:
        running.match(Obedient(gap=0.002))
        yield running


@pytest.fixture
def home(
    paths: Paths, provider: SimulatedProvider, monkeypatch: pytest.MonkeyPatch
) -> Paths:
    write(paths, provider)
    monkeypatch.setenv("SIM_SMOKE_KEY", KEY)
    return paths


def write(paths: Paths, provider: SimulatedProvider, monthly: str = "1.0") -> None:
    text = CONFIG.format(url=provider.url, monthly=monthly)
    paths.config.write_text(text, encoding="utf-8")


def booked(paths: Paths) -> Money:
    """Return what the ledger has spent in all."""
    reports = Reports.open(paths.ledger_dir)
    try:
        rows = reports.spend("session", since_ms=0)
        assert {row.key for row in rows} <= {"smoke"}
        return sum((row.cost for row in rows), Money(0))
    finally:
        reports.close()


def document(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_a_good_provider_is_ready(home: Paths, cli: Cli) -> None:
    ran = cli("smoke-test", TARGET)
    assert ran.code == 0, ran
    assert f"{TARGET} over openai_chat: READY" in ran.out
    assert "booked to session smoke" in ran.err.splitlines()[0]
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "\x1b" not in ran.out + ran.err
    assert KEY not in ran.out + ran.err


def test_the_ledger_that_it_makes_is_private(home: Paths, cli: Cli) -> None:
    """A proxy refuses to start on a folder that others can read."""
    before = os.umask(0o022)
    try:
        assert cli("smoke-test", "gone/any").code == 1
    finally:
        os.umask(before)
    for folder in (home.data_dir, home.ledger_dir):
        assert folder.stat().st_mode & 0o077 == 0


def test_the_printed_cost_is_the_ledgers(
    home: Paths, cli: Cli, provider: SimulatedProvider
) -> None:
    ran = cli("smoke-test", TARGET, "--json")
    told = document(ran.out)
    assert told["cost"] == booked(home).exact() == provider.bill.total.exact()
    assert Money.usd(told["cost"]) > Money(0)


def test_with_a_proxy_running_the_proxy_books(
    paths: Paths, provider: SimulatedProvider, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = paths.config_dir

    def gate() -> Any:
        return running_gate(
            home,
            provider,
            url=provider.url,
            more='[prices."sim/sim-small"]\ninput = 1.0\noutput = 10.0\n',
        )

    monkeypatch.setenv("FAREGATE_TEST_KEY", KEY)
    with threaded(gate) as running:
        assert isinstance(running, RunningGate)
        ran = cli("smoke-test", TARGET, "--json")
        assert ran.code == 0, ran
        told = document(ran.out)
    assert told["cost"] == booked(paths).exact() == provider.bill.total.exact()


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        ("usage_twice", (), 0),
        ("usage_twice", ("--strict",), 1),
        ("tools_as_text", (), 1),
        ("401", (), 1),
    ],
)
def test_exit_codes_of_findings(
    home: Paths,
    cli: Cli,
    provider: SimulatedProvider,
    fault: str,
    options: tuple[str, ...],
    code: int,
) -> None:
    provider.match(Obedient(fault=TABLE[fault], gap=0.001))
    assert cli("smoke-test", TARGET, *options).code == code


def test_the_first_failure_is_named_as_the_cause(
    home: Paths, cli: Cli, provider: SimulatedProvider
) -> None:
    provider.match(Obedient(fault=TABLE["402"]))
    ran = cli("smoke-test", TARGET)
    assert ran.out.count("(the cause)") == 1
    assert "means:" in ran.out
    assert "fix:" in ran.out


def test_an_unreachable_target_is_1(home: Paths, cli: Cli) -> None:
    ran = cli("smoke-test", "gone/any", "--json")
    assert ran.code == 1
    assert document(ran.out)["targets"][0]["readiness"] == "UNREACHABLE"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody/m",), "names no target"),
        (("sim/unpriced",), "no price is known"),
        (("keyless/m",), "NOT_SET_ANYWHERE"),
        (("deepseek",), "name one"),
        ((TARGET, "--protocol", "gemini"), "does not speak gemini"),
        ((TARGET, "--max-cost", "much"), "no amount"),
        ((TARGET, "--max-cost", "-1"), "below zero"),
        ((TARGET, "--max-cost", "nan"), "no amount"),
        ((TARGET, "--reference", "nobody/m"), "names no target"),
        ((TARGET, "--json", "--markdown"), "exclude"),
    ],
)
def test_what_cannot_be_asked_is_2(
    home: Paths,
    cli: Cli,
    provider: SimulatedProvider,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    ran = cli("smoke-test", *arguments)
    assert (ran.code, words in ran.err) == (2, True), ran
    assert provider.requests == []
    as_json = cli(
        "smoke-test", *arguments, *(() if "--json" in arguments else ("--json",))
    )
    assert "error" in document(as_json.out)


def test_without_a_name_everything_configured_is_asked(home: Paths, cli: Cli) -> None:
    ran = cli("smoke-test", "--json")
    assert [t["target"] for t in document(ran.out)["targets"]] == [TARGET]


def test_with_nothing_configured_a_name_is_wanted(paths: Paths, cli: Cli) -> None:
    ran = cli("smoke-test")
    assert ran.code == 2
    assert "name one" in ran.err


def test_a_full_budget_is_4(home: Paths, cli: Cli, provider: SimulatedProvider) -> None:
    write(home, provider, monthly="0.000001")
    ran = cli("smoke-test", TARGET)
    assert ran.code == 4, ran
    assert provider.generations == []


def test_the_runs_own_limit_is_kept(
    home: Paths, cli: Cli, provider: SimulatedProvider
) -> None:
    ran = cli("smoke-test", TARGET, "--max-cost", "0.004", "--all")
    assert ran.code == 1
    assert "--max-cost" in ran.out
    assert provider.bill.total <= Money.usd("0.004")


def test_another_protocol(home: Paths, cli: Cli) -> None:
    ran = cli("smoke-test", TARGET, "--protocol", "openai_responses", "--all")
    assert ran.code == 0
    assert "over openai_responses: READY" in ran.out


def test_markdown(home: Paths, cli: Cli) -> None:
    ran = cli("smoke-test", TARGET, "--markdown")
    assert ran.out.startswith("# Smoke test, profile quick")
    assert "| PASS | Basic answer |" in ran.out


def test_a_reference_is_compared_and_does_not_decide(
    home: Paths, cli: Cli, provider: SimulatedProvider
) -> None:
    ran = cli("smoke-test", TARGET, "--reference", "gone/m", "--json")
    told = document(ran.out)
    assert told["reference"] == "gone/m"
    assert ran.code == 0


def test_ctrl_c_reports_what_there_is(home: Paths, provider: SimulatedProvider) -> None:
    # So slow that the run is in its first stream, however late the signal comes.
    provider.match(Obedient(gap=20.0))
    environment = {**os.environ, "SIM_SMOKE_KEY": KEY, "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "faregate", "smoke-test", TARGET, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
    )
    until = time.monotonic() + 60
    while not any(s.stream for s in provider.generations) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    told = document(out)
    assert told["interrupted"] is True
    assert told["targets"][0]["complete"] is False
    assert told["cost"] == booked(home).exact()
    assert "Traceback" not in err


def test_help_names_every_option(home: Paths, cli: Cli) -> None:
    said = cli("smoke-test", "--help").out
    for option in ("--profile", "--max-cost", "--strict", "--reference", "--json"):
        assert option in said
    assert "smoke-test" in cli("--help").out
