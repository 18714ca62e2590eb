"""`faregate limits`: which limits hold, and where each value came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import figures, output
from faregate.cli.behind import changed_since_start
from faregate.cli.behind import tell as tell_behind
from faregate.cli.failures import START_HINT
from faregate.cli.latching import session_named
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ProxyNotRunning
from faregate.control.governing import LimitsView, LimitView
from faregate.core.limits.effective import NAMES, LimitRules
from faregate.core.money import Money

if TYPE_CHECKING:
    from faregate.config.settings import Settings


@click.command()
@click.argument("session", required=False)
@click.option("--agent", "-a", help="The limits of an agent's sessions.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def limits(session: str | None, agent: str | None, as_json: bool) -> int:
    """Show the limits of a session, of an agent's sessions, or of any session.

    With SESSION: what counts against each as well, sub-agents included.
    """
    if session is not None and agent is not None:
        raise click.UsageError("give SESSION or --agent: a session has one agent")
    paths = find_paths()
    client = ControlClient(paths.socket)
    try:
        named = None if session is None else session_named(client, session)
        view = client.limits(named, agent=agent)
        tell_behind(changed_since_start(paths))
    except ProxyNotRunning:
        if session is not None:
            raise
        view = _configured(load(paths), agent)
        output.note(f"faregate: no proxy is running. {START_HINT}")
    if as_json:
        output.document(view)
        return 0
    for line in lines(view):
        output.result(line)
    return 0


def lines(view: LimitsView) -> list[str]:
    """Return the limits as a table; what counts against them only for a session."""
    if view.session is None:
        return output.table(
            ("LIMIT", "VALUE", "FROM"),
            [
                (each.name, _shown(each.name, each.limit), each.source)
                for each in view.limits
            ],
            align="<><",
        )
    return output.table(
        ("LIMIT", "VALUE", "USED", "HIT", "FROM"),
        [
            (
                each.name,
                _shown(each.name, each.limit),
                "-" if each.used is None else _shown(each.name, each.used),
                str(each.hit) if each.hit else "-",
                each.source,
            )
            for each in view.limits
        ],
        align="<>>><",
    )


def _shown(name: str, value: str | None) -> str:
    if value is None:
        return "none"
    if name == "spend_per_minute":
        return figures.usd(value)
    if name == "wall_clock":
        return figures.seconds(float(value))
    return figures.count(int(float(value)))


def _configured(settings: Settings, agent: str | None) -> LimitsView:
    rules = LimitRules(settings.limits.everyone, settings.limits.by_agent)
    found = rules.effective(agent)

    def text(name: str) -> str | None:
        value = getattr(found.limits, name)
        if value is None:
            return None
        return value.exact() if isinstance(value, Money) else f"{value:g}"

    return LimitsView(
        session=None,
        agent=agent,
        limits=[
            LimitView(
                name=name, limit=text(name), used=None, source=found.sources[name]
            )
            for name in NAMES
        ],
    )
