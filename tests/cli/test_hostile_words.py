"""Whatever strangers sent, a command prints text: on a real terminal, command by command.

Twice: a ledger whose names, faults and labels are hostile, and a proxy that made
nothing harmless, so that only what prints stands guard.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from faregate.config.load import load
from faregate.control.models import HoldView, Snapshot
from faregate.core.cost_log import RequestResult
from faregate.core.labels import Labels
from tests.cli.terminal import in_terminal
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy, running
from tests.ledger.building import ending, entry, hold, open_ledger, truth
from tests.tui.hostile import EVILS, MARK, UNSEEN, poison
from tests.tui.test_hold_table import HOLDS
from tests.tui.waiting_scene import waiting

if TYPE_CHECKING:
    from faregate.config.paths import Paths
    from faregate.ledger.ledger import Ledger

EACH = """
import sys
from faregate.cli.main import main
for line in sys.argv[1:]:
    print(f"$ {line}", flush=True)
    try:
        main(line.split())
    except SystemExit:
        pass
    sys.stdout.flush()
"""
"""Runs each argument as one command line: a start of its own for each would be slow."""

OF_THE_LEDGER = (
    "requests", "requests --json", "sessions", "sessions --json", "explain last",
    "explain q0", "explain q0 --json", "report --by session", "report --by model",
    "report --by task", "report --by customer --json", "report --by workspace --csv",
    "export", "estimate --from-history", "outcome nobody accepted", "explain nobody",
)  # fmt: skip
OF_THE_PROXY = (
    "status", "status --json", "status --line", "holds", "holds --json", "approve",
    "limits", "providers", "models", "routes", "doctor", "budget", "keys", "pause all",
)  # fmt: skip


def leaks(screen: str) -> list[str]:
    """Return what is no text, with its command; a command here has no colours."""
    return [
        f"{said.partition(chr(13))[0]}: {found!r} after {text[max(at - 40, 0) : at]!r}"
        for said in screen.split("\r\n$ ")
        for text in [said.replace("\r\n", " ")]
        for at, found in enumerate(text)
        if found == "\x1b" or UNSEEN.match(found)
    ]


def test_commands_that_read_the_ledger(paths: Paths) -> None:
    paths.config.write_text("")
    fill(paths)
    ended = in_terminal(*OF_THE_LEDGER, program=EACH)
    assert leaks(ended.screen) == []
    assert ended.screen.count(MARK) > len(EVILS)
    for line in OF_THE_LEDGER[:4]:
        (_, told) = ended.screen.split(f"$ {line}\r\n")
        assert MARK in told.split("\r\n$ ")[0], line


def test_commands_that_ask_the_proxy(paths: Paths) -> None:
    paths.config.write_text("")
    scene = poison(waiting(), Snapshot)
    budgets = [scenes.budget(), *[scenes.budget(scope=f"workspace:{e}") for e in EVILS]]
    status = replace(scene.status, budgets=budgets)
    fake = FakeProxy(paths.socket, replace(scene, status=status))
    fake.holds = [poison(each, HoldView) for each in HOLDS]
    with running(fake):
        ended = in_terminal(*OF_THE_PROXY, program=EACH)
    assert leaks(ended.screen) == []
    assert MARK in ended.screen


def test_a_document_keeps_what_it_escapes(paths: Paths) -> None:
    paths.config.write_text("")
    fill(paths)
    ended = in_terminal("requests", "--json")
    told = json.loads(ended.screen)
    assert len(told["requests"]) == len(EVILS)


def fill(paths: Paths) -> None:
    """Write a ledger in which every name and every fault is hostile."""
    ledger = open_ledger(load(paths).ledger_dir)
    try:
        for number, evil in enumerate(EVILS):
            _add(ledger, number, evil)
    finally:
        ledger.close()


def _add(ledger: Ledger, number: int, evil: str) -> None:
    names = Labels(
        workspace=evil, agent=evil, user=evil, task=evil, customer=evil, feature=evil
    )
    request, session = f"q{number}", f"s{number}{evil}"
    hold(
        ledger, request, request=request, session=session, labels=names, model=evil,
        route=evil, cause=f"fallback:{evil}",
    )  # fmt: skip
    if number % 2:
        ledger.settle(truth(request, "0.20", waste=evil))
    else:
        ledger.mark_unknown(ending(request, evil, fault=evil))
    notes = [
        {"step": evil, "why": evil, evil: [evil]},
        {"step": "route", "targets": [evil], "why": evil},
        {"step": "refused", "refusal": {"code": evil, "message": evil}},
    ]
    ledger.log_requests(
        [
            entry(
                request, session=session, root_session=session, labels=names,
                asked=evil, model=evil, route=evil, result=RequestResult.PROVIDER_ERROR,
                status=529, code=evil, message=evil, verdict=evil, escalation=evil,
                notes=json.dumps(notes),
            )
        ]
    )  # fmt: skip
