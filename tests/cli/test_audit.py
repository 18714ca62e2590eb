"""What persons decided, as `faregate audit` tells it."""

from __future__ import annotations

import json
import os
import pwd

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.load import load
from faregate.config.paths import Paths
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill
from tests.ledger.building import ending, hold, open_ledger, usd

ME = f"uid {os.getuid()} pid 42"
KINDS = {"cost", "outcome"}
NOBODY = "uid 4000000001 pid 43"


@pytest.fixture
def decided(paths: Paths) -> Paths:
    """A home where a person has decided one thing of each kind."""
    fill(paths)
    ledger = open_ledger(load(paths).ledger_dir)
    hold(ledger, "req_9")
    ledger.mark_unknown(ending("req_9", "the stream broke"))
    ledger.resolve("req_9", usd("0.1"), note="looked\x1b[2Jup", who=ME)
    ledger.set_limit("global", "month", usd("50"), note="", who=ME)
    ledger.set_limit("workspace:shop", "day", None, note="", who=NOBODY)
    ledger.governing.note_limit(
        "session:shop-1 requests",
        before="1000",
        after="2000",
        note=None,
        at_ms=7,
        who=ME,
    )
    ledger.note_approval(
        subject="apr_1 0123456789abcdef",
        session="shop-1",
        decision="approved",
        note="tools Bash",
        who=ME,
    )
    ledger.close()
    return paths


def test_each_decision_is_one_line(cli: Cli, decided: Paths) -> None:
    result = cli("audit")
    header, *rows = result.out.splitlines()
    assert header.split() == ["AT", "WHO", "WHAT", "OF", "WAS", "NOW", "NOTE"]
    mine = f"{pwd.getpwuid(os.getuid()).pw_name} pid 42"
    assert [" ".join(row.split()[2:]) for row in rows[:5]] == [
        f"{mine} approval apr_1 0123456789abcdef shop-1 - approved tools Bash",
        f"{mine} limit session:shop-1 requests 1000 2000",
        f"{NOBODY} budget workspace:shop daily - none",
        f"{mine} budget monthly $20.00 $50.00",
        f"{mine} hold req_9 unknown $0.50 spent $0.10 looked\ufffd[2Jup",
    ]
    assert sorted(word for row in rows[5:] for word in row.split() if word in KINDS) == [
        "cost", "outcome", "outcome",
    ]  # fmt: skip
    assert "\x1b" not in result.out


def test_the_document_has_every_figure(cli: Cli, decided: Paths) -> None:
    (newest, _, _, month, *_) = json.loads(cli("audit", "--json").out)["decisions"]
    assert newest == {
        "at": newest["at"],
        "who": ME,
        "what": "approval",
        "subject": "apr_1 0123456789abcdef",
        "session": "shop-1",
        "before": None,
        "after": "approved",
        "note": "tools Bash",
    }
    assert (month["subject"], month["before"], month["after"], month["note"]) == (
        "global month", "20", "50", None,
    )  # fmt: skip


def test_no_more_than_asked_for(cli: Cli, decided: Paths) -> None:
    result = cli("audit", "--limit", "2")
    assert len(result.out.splitlines()) == 3
    assert "more: --limit" in result.err
    late = json.loads(cli("audit", "--since", "2030-01-01", "--json").out)
    assert late == {"decisions": []}


def test_without_a_ledger(cli: Cli, paths: Paths) -> None:
    assert cli("audit").out == "nobody has decided anything yet\n"
    assert json.loads(cli("audit", "--json").out) == {"decisions": []}


def test_an_older_proxy_has_none(cli: Cli, proxy: AskedProxy) -> None:
    failed = cli("audit", "--json")
    assert failed.code == ExitCode.FAILED
    assert json.loads(failed.out)["error"]["code"] == "unknown_ask"
    assert "older than this program" in failed.err
