"""`faregate limits set` and `unset`: other limits, from the next request on.

To tighten is free. To loosen needs a person, as does to take back what was set and to
set anything for a while: whose end brings back what held before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click
from msgspec.structs import replace

from faregate.cli import figures, output
from faregate.cli.confirm import require_person
from faregate.cli.durations import LASTING, seconds_of
from faregate.cli.exit_codes import ExitCode
from faregate.cli.latching import session_named
from faregate.config.limit_values import limit_value, view_text
from faregate.config.load import load
from faregate.config.overrides import set_limits
from faregate.config.paths import find_paths
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.governing import LimitChanged, SetLimit
from faregate.core.identity import is_name
from faregate.core.limit_changes import (
    Concerned,
    effective_for,
    loosens,
    with_value,
    without,
)
from faregate.core.limits.effective import EVERYONE, LimitRules

if TYPE_CHECKING:
    from faregate.config.paths import Paths
    from faregate.config.settings import Settings

_F = TypeVar("_F", bound=Callable[..., object])


def _options(command: _F) -> _F:
    """Add what names a scope."""
    for option in (
        click.option(
            "--json", "as_json", is_flag=True, help="Print one JSON document."
        ),
        click.option("--agent", "-a", help="For an agent's sessions."),
        click.option("--workspace", "-w", help="For a workspace's sessions."),
        click.option("--session", "-s", help="For one session."),
    ):
        command = option(command)
    return command


@click.command(name="set")
@click.argument("name")
@click.argument("value")
@_options
@click.option(
    "--for", "lasting", metavar="TIME", help="For a while only, as in 30m, 2h or 3d."
)
def set_limit(
    name: str,
    value: str,
    session: str | None,
    workspace: str | None,
    agent: str | None,
    lasting: str | None,
    as_json: bool,
) -> int:
    """Set a limit, for every session or those that an option names.

    faregate limits set requests 300 --agent codex. NAME is a limit as faregate limits
    lists it, VALUE a number, a time with its unit, an amount in USD, or none.
    What was counted stays. To loosen a limit needs a person at a terminal.
    """
    try:
        limit_value(name, value)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    for_s = None if lasting is None else seconds_of(lasting, "--for", LASTING)
    return _change(name, value, session, workspace, agent, for_s, as_json=as_json)


@click.command(name="unset")
@click.argument("name")
@_options
def unset_limit(
    name: str,
    session: str | None,
    workspace: str | None,
    agent: str | None,
    as_json: bool,
) -> int:
    """Take back what was set, so that the configuration counts again."""
    return _change(name, None, session, workspace, agent, None, as_json=as_json)


def rules_of(settings: Settings) -> LimitRules:
    """Return the limits that the files say, without those of a while or a session."""
    return LimitRules(
        settings.limits.everyone,
        settings.limits.by_agent,
        settings.limits.by_workspace,
        settings.limits_set.by_scope,
    )


def shown(name: str, value: str | None) -> str:
    """Return a value of a view as a person reads it."""
    if value is None:
        return "none"
    if name == "spend_per_minute":
        return figures.usd(value)
    if name == "wall_clock":
        return figures.seconds(float(value))
    return figures.count(int(float(value)))


def _exact(name: str, value: str | None) -> str:
    """Return a value to the last digit: what is confirmed must not be rounded."""
    if value is None or name in {"spend_per_minute", "wall_clock"}:
        return shown(name, value)
    return f"{int(float(value)):,}"


def _change(
    name: str,
    value: str | None,
    session: str | None,
    workspace: str | None,
    agent: str | None,
    for_s: float | None,
    *,
    as_json: bool,
) -> int:
    paths = find_paths()
    client = ControlClient(paths.socket)
    scope = _scope(client, session, workspace, agent)
    asked = SetLimit(scope=scope, name=name, value=value, for_s=for_s)
    try:
        done, live = _through_proxy(paths, client, asked), True
    except ProxyNotRunning:
        if session is not None or for_s is not None:
            raise
        done, live = _in_file(paths, asked), False
    if as_json:
        output.document({**figures_of(done), "live": live})
        return 0
    output.result(f"{name} {_for(scope)}: {_exact(name, done.after)}")
    if done.until is not None:
        output.note(f"faregate: until {done.until}, then as before")
    elif session is not None and value is not None:
        output.note("faregate: as long as the session lasts, over a restart too")
    elif value is not None:
        output.note(f"faregate: kept in {paths.overrides}, which wins over config.toml")
    if not live:
        output.note("faregate: no proxy is running; it counts from the next start on")
    return 0


def figures_of(done: LimitChanged) -> dict[str, object]:
    """Return a change as the document that scripts read."""
    return {
        "scope": done.scope,
        "name": done.name,
        "limit": done.after,
        "before": done.before,
        "until": done.until,
    }


def _through_proxy(
    paths: Paths, client: ControlClient, asked: SetLimit
) -> LimitChanged:
    """Ask the running proxy, first what it would do."""
    try:
        would = client.set_limit(replace(asked, preview=True))
    except ControlError as error:
        if error.code in {"bad_request", "not_found"}:
            raise output.CliError(
                error.message, exit_code=ExitCode.USAGE, code=error.code
            ) from error
        raise
    confirmed = _confirm(paths, asked, would) if would.loosens else False
    return client.set_limit(asked, confirmed=confirmed)


def _in_file(paths: Paths, asked: SetLimit) -> LimitChanged:
    """Set it for the next start: it counts over the configuration from then on."""
    settings = load(paths)
    now = settings.limits_set.by_scope
    name, scope = asked.name, asked.scope
    if asked.value is None:
        if name not in now.get(scope, {}):
            raise output.CliError(
                f"{name} was not set {_for(scope)}",
                exit_code=ExitCode.USAGE,
                code="bad_request",
            )
        after = without(now, scope, name)
    else:
        after = with_value(now, scope, name, limit_value(name, asked.value))
    rules = rules_of(settings)
    kind, _, named = scope.partition(":")
    who = Concerned(
        agent=named if kind == "agent" else None,
        workspace=named if kind == "workspace" else None,
    )
    done = LimitChanged(
        scope=scope,
        name=name,
        before=_held(rules, name, who),
        after=_held(rules.but(after, {}), name, who),
        loosens=loosens(rules, rules.but(after, {}), name, who),
    )
    if done.loosens:
        _confirm(paths, asked, done)
    set_limits(paths, after)
    return done


def _confirm(paths: Paths, asked: SetLimit, would: LimitChanged) -> bool:
    name = asked.name
    after = _exact(name, would.after)
    lasting = "" if would.until is None else f" until {would.until}"
    verb = "Take back" if asked.value is None else "Change"
    question = (
        f"{verb} {name} {_for(asked.scope)}: it is {_exact(name, would.before)}, and "
        f"{after}{lasting} after that. More can be used then. Sure?"
    )
    return require_person(paths, question, answer=asked.value or name)


def _held(rules: LimitRules, name: str, who: Concerned) -> str | None:
    return view_text(getattr(effective_for(rules, who).limits, name))


def _scope(
    client: ControlClient,
    session: str | None,
    workspace: str | None,
    agent: str | None,
) -> str:
    given = {"session": session, "workspace": workspace, "agent": agent}
    named = {kind: name for kind, name in given.items() if name is not None}
    if len(named) > 1:
        raise click.UsageError(f"one of --{' and --'.join(named)}, not both")
    for kind, name in named.items():
        if kind == "session":
            return f"session:{session_named(client, name)}"
        if not is_name(name):
            raise click.UsageError(f"--{kind} {name!r} is no name")
        return f"{kind}:{name}"
    return EVERYONE


def _for(scope: str) -> str:
    kind, _, name = scope.partition(":")
    return "for every session" if kind == EVERYONE else f"for {kind} {name}"
