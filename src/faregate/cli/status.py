"""`faregate status`: spend, sessions and what runs now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.behind import another_version, changed_since_start, tell
from faregate.cli.exit_codes import ExitCode
from faregate.cli.failures import START_HINT
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError
from faregate.control.calling import spelled
from faregate.control.client import ControlClient
from faregate.control.errors import ProxyNotRunning
from faregate.control.governing import latched_words
from faregate.control.models import Status
from faregate.control.retries import retries_of
from faregate.control.sanitise import sanitise
from faregate.control.work import asked_of, work_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faregate.control.models import BudgetView, EventView, ProxyInfo, SessionView

MOST_SESSIONS = 20
"""Rows of sessions that a person is shown unasked, the latest first."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--line", is_flag=True, help="Print one line, for status bars.")
@click.option(
    "--all", "every", is_flag=True, help="List every session, ended ones too."
)
def status(as_json: bool, line: bool, every: bool) -> int:
    """Spend, sessions and what runs now."""
    if as_json and line:
        raise click.UsageError("--json and --line exclude each other")
    if line:
        from faregate.cli.status_line import print_line

        return print_line()
    try:
        found = ControlClient(find_paths().socket).status()
    except ProxyNotRunning as absent:
        if as_json:
            output.document(nothing_runs())
        output.error(f"{absent.message}. {START_HINT}")
        return ExitCode.UNREACHABLE
    if as_json:
        output.document(found)
    else:
        for each in lines(found, every=every):
            output.result(spelled(each))
        tell(another_version(found))
        _tell_overrides()
    return 0


def _tell_overrides() -> None:
    """Say which configured values are hidden by a command, or not read yet."""
    paths = find_paths()
    tell(changed_since_start(paths))
    try:
        hidden = load(paths).hidden
    except ConfigError as error:
        output.warn(f"the configuration has changed and is not usable: {error}")
        return
    for each in hidden:
        output.note(f"faregate: {each}")


def nothing_runs() -> Status:
    """Return the document's form when no proxy answers."""
    from faregate import __version__

    return Status(
        version=__version__,
        proxy=None,
        budgets=[],
        sessions=[],
        in_flight=0,
        waiting=0,
        providers=[],
    )


def lines(found: Status, *, every: bool) -> list[str]:
    """Return the status for a person."""
    going = [each for each in found.sessions if every or each.state != "ended"]
    latest = sorted(going, key=lambda each: each.last_at, reverse=True)
    sessions = going if every else latest[:MOST_SESSIONS]
    hidden = len(found.sessions) - len(going)
    told = [_headline(found, found.proxy), ""]
    told += budget_lines(found.budgets)
    told += [figures.closed_words(each) for each in found.budgets if each.closed]
    if sessions:
        told += ["", *session_lines(sessions)]
    parts = [
        f"{number} {which}"
        for number, which in ((len(going) - len(sessions), "more"), (hidden, "ended"))
        if number
    ]
    if parts:
        told += [
            "",
            f"{' and '.join(parts)} sessions are not shown: faregate status --all",
        ]
    if found.providers:
        told += ["", *_provider_lines(found)]
    if found.events:
        told += ["", "LATEST TROUBLE", *(_event_line(each) for each in found.events)]
    return told


def _event_line(event: EventView) -> str:
    whose = "" if event.session is None else f"{event.session}: "
    return sanitise(f"{event.at}  {whose}{event.text}", limit=2000)


def budget_lines(budgets: Sequence[BudgetView]) -> list[str]:
    """Return a table of budgets."""
    return output.table(
        ("BUDGET", "SPENT", "LIMIT", "HELD", "UNKNOWN", "RESETS"),
        [
            (
                figures.budget_name(each.scope, each.window),
                figures.usd(each.spent),
                figures.usd(each.limit),
                figures.usd(each.held),
                figures.usd(each.unknown),
                each.resets_at or "-",
            )
            for each in budgets
        ],
        align="<>>>><",
    )


def _headline(found: Status, proxy: ProxyInfo | None) -> str:
    if proxy is None:
        return f"faregate {found.version}"
    latched = latched_words(found.paused, found.stopped)
    held = f" · {latched}" if latched else ""
    work = work_words(found.in_flight, found.waiting, found.waiting_approval)
    hint = " (faregate approve)" if found.waiting_approval else ""
    return (
        f"faregate {found.version}{held} · {proxy.url} · "
        f"up {figures.seconds(proxy.uptime_s)} · {', '.join(work) or '0 running'}{hint}"
    )


def session_lines(sessions: Sequence[SessionView]) -> list[str]:
    """Return a table of sessions."""
    return output.table(
        ("SPEND", "SESSION", "AGENT", "MODEL", "REQ", "RETRY", "IN", "OUT", "STATE"),
        [
            (
                figures.cost(each),
                each.id,
                each.agent or "-",
                each.models[-1] if each.models else "-",
                str(asked_of(each)),
                str(retries_of(each)),
                figures.count(each.input_tokens),
                figures.count(each.output_tokens),
                each.state + (f", {each.refusals} refused" if each.refusals else ""),
            )
            for each in sessions
        ],
        align="><<<>>>><",
    )


def _provider_lines(found: Status) -> list[str]:
    return output.table(
        ("PROVIDER", "REQ/H", "ERR/H", "LAST ERROR"),
        [
            (
                each.name,
                str(each.requests_1h),
                f"{each.error_rate_1h:.1%}",
                each.last_error or "-",
            )
            for each in found.providers
        ],
        align="<>><",
    )
