"""`faregate run`: one agent through the gate, as a session of its own."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from faregate.cli import output
from faregate.cli.behind import (
    another_version,
    changed_since_start,
    keys_since_start,
    tell,
)
from faregate.cli.budget import amount_of
from faregate.cli.bypass import Surroundings, find_bypasses
from faregate.cli.child import CannotStart, not_there, run_child
from faregate.cli.confirm import RUN_VARIABLE
from faregate.cli.env import declared_models, give_a_key, own_keys
from faregate.cli.exit_codes import ExitCode
from faregate.cli.launch import ensure_running
from faregate.cli.receipt import of_session, receipt
from faregate.cli.run_files import (
    claude_settings,
    gemini_home,
    opencode_content,
    run_folder,
)
from faregate.cli.run_limits import limit_options, only_time, take_limits
from faregate.cli.run_watch import RunWatch
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.control.client import ADMIN_SECRET_VARIABLE, ControlClient
from faregate.control.errors import ControlError
from faregate.control.models import NewSession
from faregate.core.agent_setup import (
    Gate,
    agent_of_command,
    base_urls_only,
    models_named,
    set_up,
)
from faregate.core.agents import EVERYTHING, agent_named
from faregate.core.identity import clean_name, is_name
from faregate.core.secret import LOCAL_TOKEN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Set

    from faregate.cli.bypass import Finding
    from faregate.config.settings import Settings
    from faregate.control.models import SessionGrant
    from faregate.core.agent_setup import AgentSetup
    from faregate.core.agents import Agent

_SETTLE_SECONDS = 2.0
_LABELS = ("workspace", "agent", "task", "user", "customer", "feature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is started, and how."""

    command: tuple[str, ...]
    agent: Agent | None
    at: int
    """Where arguments of our own go."""
    own_login: bool


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.option("--workspace", "-w", help="Label: the project. Default: the repository.")
@click.option("--agent", "-a", help="Label: the agent, when its name does not tell.")
@click.option("--task", "-t", help="Label: what it works on.")
@click.option("--user", help="Label: for whom.")
@click.option("--customer", help="Label: who pays.")
@click.option("--feature", help="Label: which part of the product.")
@click.option("--max-cost", help="The most that this run may cost, in USD.")
@limit_options
@click.option(
    "--own-login/--lend-key",
    default=None,
    help="Whose key pays: the agent's own, metered and capped alike, or the proxy's. "
    "Default: the proxy's where it has one.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def run(
    command: tuple[str, ...],
    max_cost: str | None,
    own_login: bool | None,
    **options: Any,
) -> int:
    """Run one agent through the gate: faregate run -- claude -p "fix it".

    Starts the proxy when none runs, gives the command a session and a token of its
    own, and ends with its exit code; with 4 when its session was stopped or out of
    time, and so was it. Inside another run it starts nothing and ends with 4: what a
    run starts works in that run's session.
    """
    limits = take_limits(options)
    labels: dict[str, str | None] = options
    _check(labels)
    limit = None if max_cost is None else amount_of(max_cost)
    paths = find_paths()
    settings = load(paths)
    if (missing := not_there(command[0])) is not None:
        output.error(missing.message)
        return missing.status
    running = ensure_running(paths)
    if not running.started:
        tell(another_version(running.snapshot.status))
        tell(changed_since_start(paths))
    plan = _plan(command, labels["agent"], own_login=bool(own_login))
    keys_found = frozenset(running.snapshot.setup.keys_found)
    if own_login is None:
        spoken, speaks = _spoken(settings, keys_found), _speaks(plan)
        if not (speaks & spoken or _translated(speaks, spoken)):
            plan = replace(plan, own_login=True)
            _tell_own_login(plan, settings, keys_found)
        elif not speaks & spoken:
            output.note(
                "faregate: the proxy's keys are for providers of another dialect: its "
                "requests are translated, and need a model that those have. With the "
                "agent's own login instead: --own-login"
            )
    carried = limits is not None and not only_time(limits)
    if plan.own_login and (limit is not None or carried):
        raise click.UsageError(
            "--max-cost and limits other than --max-time go with the proxy's own keys: "
            "with the agent's own login the session has no token to carry them. See: "
            "faregate providers"
        )
    client = ControlClient(paths.socket)
    grant = client.new_session(
        NewSession(
            agent=labels["agent"] or (plan.agent.name if plan.agent else None),
            workspace=labels["workspace"] or _repository_name(Path.cwd()),
            task=labels["task"],
            user=labels["user"],
            customer=labels["customer"],
            feature=labels["feature"],
            max_cost=None if limit is None else limit.exact(),
            limits=limits,
            pid=os.getpid(),
        )
    )
    started = time.monotonic()
    watch = RunWatch(
        lambda: client.standing(grant.session), max_time_s=grant.max_time_s
    )
    with _ending(client, grant.session), run_folder(paths, grant.session) as folder:
        code = _start(plan, grant, folder, settings, watch)
    _print_receipt(client, grant.session, time.monotonic() - started, watch.why)
    return code if watch.why is None else ExitCode.REFUSED


def _check(labels: Mapping[str, str | None]) -> None:
    for name in _LABELS:
        value = labels[name]
        if value is not None and not is_name(value):
            raise click.UsageError(
                f"--{name} {value!r} is no name for a label: 1 to 128 letters, digits "
                "and . _ @ : + -, beginning with a letter or digit"
            )


def _plan(command: tuple[str, ...], label: str | None, *, own_login: bool) -> Plan:
    agent, at = agent_of_command(command)
    if agent is None and label is not None:
        agent = agent_named(label)
        # A label does not tell where in a foreign command line arguments belong.
        agent = None if agent is None else replace(agent, args=())
    return Plan(command=command, agent=agent, at=at, own_login=own_login)


def _speaks(plan: Plan) -> Set[str]:
    return (plan.agent or EVERYTHING).protocols


def _spoken(settings: Settings, keys_found: frozenset[str]) -> Set[str]:
    """Return what the providers speak for which the proxy has a key."""
    spoken: set[str] = set()
    for name, choice in settings.providers.items():
        # What needs no key counts once a person has said that it is there.
        if name in keys_found or (choice.configured and choice.keyless):
            spoken |= choice.spec.base_urls.keys()
    return spoken


def _translated(protocols: Set[str], spoken: Set[str]) -> bool:
    """Return whether a provider's dialect is put into one that the agent speaks."""
    # Only a run that needs it pays for importing every dialect.
    from faregate.protocols.translation.table import DIALECTS

    return bool(protocols & DIALECTS.keys()) and bool(spoken & DIALECTS.keys())


def _tell_own_login(plan: Plan, settings: Settings, keys_found: frozenset[str]) -> None:
    """Say that, and why, the agent pays with a key or login of its own."""
    agent = plan.agent or EVERYTHING
    title = plan.agent.title if plan.agent else "this command"
    output.note(
        f"faregate: the proxy has no key that {title} could use, so it needs "
        "a key or login of its own; that is metered and capped all the same"
    )
    if set_here := keys_since_start(settings, keys_found):
        tell(set_here)
    elif not any(os.environ.get(name) for name in own_keys(agent)):
        output.note(
            f"faregate: {title} has none in this terminal either, and may ask you to "
            f"log in. To give the proxy one: {give_a_key(agent)}"
        )


def _start(
    plan: Plan,
    grant: SessionGrant,
    folder: Path,
    settings: Settings,
    watch: RunWatch,
) -> int:
    """Start the command through the gate; return its exit code."""
    models = (*declared_models(settings), *models_named(plan.command))
    gate = Gate(url=grant.url, token=grant.token, session=grant.session, models=models)
    setup = set_up(plan.agent or EVERYTHING, gate)
    if plan.own_login:
        setup = base_urls_only(setup, gate.token)
    around = Surroundings(
        environ=os.environ, folder=Path.cwd(), home=Path.home(), url=grant.url
    )
    findings = find_bypasses(plan.agent, plan.command, around)
    setup = _with_files(plan, setup, findings, folder)
    _warn(plan, setup, findings)
    if left := _keys_left(plan, setup, settings):
        stay, them = ("stays", "it") if len(left) == 1 else ("stay", "them")
        output.note(
            f"faregate: {', '.join(left)} {stay} in the environment: a call made with "
            f"{them} goes past the gate"
        )
    environ = child_environment(os.environ, setup, grant.session)
    command = (*plan.command[: plan.at], *setup.args, *plan.command[plan.at :])
    try:
        return run_child(command, environ, watch.watching)
    except CannotStart as problem:
        output.error(problem.message)
        return problem.status


def _with_files(
    plan: Plan, setup: AgentSetup, findings: Sequence[Finding], folder: Path
) -> AgentSetup:
    """Add what only a file can say."""
    name = plan.agent.name if plan.agent else ""
    if name == "claude-code" and any(finding.overridden for finding in findings):
        args = claude_settings(folder, setup.env)
        return replace(setup, args=(*args, *setup.args))
    if name == "gemini-cli" and not plan.own_login:
        home = Path(os.environ.get("GEMINI_CLI_HOME") or Path.home())
        return replace(setup, env={**setup.env, **gemini_home(folder, home)})
    if name == "opencode" and (ours := setup.env.get("OPENCODE_CONFIG_CONTENT")):
        content = opencode_content(ours, os.environ.get("OPENCODE_CONFIG_CONTENT"))
        return replace(setup, env={**setup.env, "OPENCODE_CONFIG_CONTENT": content})
    return setup


def child_environment(
    environ: Mapping[str, str], setup: AgentSetup, session: str
) -> dict[str, str]:
    """Return the command's environment: redirected, marked, without admin rights."""
    child = {
        name: value
        for name, value in environ.items()
        if name not in setup.unset and name != ADMIN_SECRET_VARIABLE
    }
    return {**child, **setup.env, RUN_VARIABLE: session}


def _warn(plan: Plan, setup: AgentSetup, findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.overridden:
            output.note(f"faregate: {finding.text}: overridden for this run")
        else:
            output.warn(f"{finding.text}: the agent would go past the gate")
    if plan.agent is not None and not plan.agent.redirected:
        for text in plan.agent.notes:
            output.note(f"faregate: {text}")
    for name in replaced_keys(os.environ, setup):
        output.note(f"faregate: your {name} is set aside; the run has its own token")


def _keys_left(plan: Plan, setup: AgentSetup, settings: Settings) -> list[str]:
    """Return variables with real keys by which the agent could call a provider."""
    if plan.own_login or not (plan.agent or EVERYTHING).roams:
        return []
    taken = {*setup.env, *setup.unset}
    names = (name for spec in settings.provider_specs for name in spec.key_env)
    return [
        name
        for name in dict.fromkeys(names)
        if name not in taken
        and (value := os.environ.get(name, ""))
        and not value.startswith(LOCAL_TOKEN_PREFIX)
    ]


def replaced_keys(environ: Mapping[str, str], setup: AgentSetup) -> list[str]:
    """Return variables whose real key the run does not get to see."""
    changed = [*setup.env, *setup.unset]
    return [
        name
        for name in changed
        if name.endswith(("_KEY", "_TOKEN"))
        and (value := environ.get(name, ""))
        and not value.startswith(LOCAL_TOKEN_PREFIX)
        and setup.env.get(name) != value
    ]


def _repository_name(folder: Path) -> str | None:
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return clean_name(parent.name) if parent.name else None
    return None


@contextlib.contextmanager
def _ending(client: ControlClient, session: str) -> Iterator[None]:
    """End the session whatever happens to the command."""
    try:
        yield
    finally:
        with contextlib.suppress(ControlError):
            client.end_session(session)


def _print_receipt(
    client: ControlClient, session: str, lasted: float, ended: str | None
) -> None:
    """Print the receipt, after a moment for what is still being settled."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        try:
            sessions = of_session(client.status(), session)
            hit = client.standing(session).limits_hit
        except ControlError as problem:
            output.note(f"faregate: {session}: no receipt: {problem.message}")
            return
        settled = all(each.held == "0" for each in sessions)
        if settled or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    if ended is not None:
        output.note(f"faregate: {session} was ended: {ended}")
    output.note(f"faregate: {receipt(sessions, session, lasted, limits_hit=hit)}")
