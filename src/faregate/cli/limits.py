"""`faregate limits`: which limits hold, and where each value came from; set them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.behind import changed_since_start
from faregate.cli.behind import tell as tell_behind
from faregate.cli.failures import START_HINT
from faregate.cli.latching import session_named
from faregate.cli.limits_set import (
    rules_of,
    set_limit,
    shown,
    unset_limit,
)
from faregate.cli.showing import ShowsUnlessTold
from faregate.config.limit_values import view_text
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ProxyNotRunning
from faregate.control.governing import LimitsView, LimitView
from faregate.core.limits.effective import NAMES

if TYPE_CHECKING:
    from faregate.config.settings import Settings


@click.group(cls=ShowsUnlessTold)
def limits() -> int:
    """Show the limits that hold, or set them while the proxy runs.

    faregate limits SESSION is short for faregate limits show SESSION.
    """
    return 0


limits.add_command(set_limit)
limits.add_command(unset_limit)


@limits.command()
@click.argument("session", required=False)
@click.option("--agent", "-a", help="The limits of an agent's sessions.")
@click.option("--workspace", "-w", help="The limits of a workspace's sessions.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(
    session: str | None, agent: str | None, workspace: str | None, as_json: bool
) -> int:
    """Show the limits of a session, of an agent's or workspace's, or of any.

    With SESSION: what counts against each as well, sub-agents included.
    """
    if session is not None and (agent is not None or workspace is not None):
        raise click.UsageError(
            "give SESSION, or --agent and --workspace: a session has its own"
        )
    paths = find_paths()
    client = ControlClient(paths.socket)
    try:
        named = None if session is None else session_named(client, session)
        view = client.limits(named, agent=agent, workspace=workspace)
        tell_behind(changed_since_start(paths))
    except ProxyNotRunning:
        if session is not None:
            raise
        view = _configured(load(paths), agent, workspace)
        output.note(f"faregate: no proxy is running. {START_HINT}")
    if as_json:
        output.document(view)
        return 0
    for line in lines(view):
        output.result(line)
    return 0


def lines(view: LimitsView) -> list[str]:
    """Return the limits as a table; what counts against them only for a session."""
    used = view.session is not None
    hides = any(each.without is not None for each in view.limits)
    until = any(each.until is not None for each in view.limits)
    head = ["LIMIT", "VALUE", *(["USED", "HIT"] if used else []), "FROM"]
    head += [*(["HIDES"] if hides else []), *(["UNTIL"] if until else [])]
    rows = []
    for each in view.limits:
        row = [each.name, shown(each.name, each.limit)]
        if used:
            row.append("-" if each.used is None else shown(each.name, each.used))
            row.append(str(each.hit) if each.hit else "-")
        row.append(each.source)
        if hides:
            row.append(_hidden(each))
        if until:
            row.append(each.until or "")
        rows.append(tuple(row))
    align = ("<>>><" if used else "<><") + ">" * hides + "<" * until
    return output.table(tuple(head), rows, align=align)


def _hidden(each: LimitView) -> str:
    """Return what would hold had nothing been set by command."""
    if each.without is None:
        return ""
    return shown(each.name, None if each.without == "none" else each.without)


def _configured(
    settings: Settings, agent: str | None, workspace: str | None
) -> LimitsView:
    rules = rules_of(settings)
    found = rules.effective(agent, workspace=workspace)
    below = rules.but({}, {}).effective(agent, workspace=workspace)

    def view(name: str) -> LimitView:
        now, was = getattr(found.limits, name), getattr(below.limits, name)
        return LimitView(
            name=name,
            limit=view_text(now),
            used=None,
            source=found.sources[name],
            without=None if now == was else view_text(was) or "none",
        )

    return LimitsView(
        session=None,
        agent=agent,
        workspace=workspace,
        limits=[view(name) for name in NAMES],
    )
