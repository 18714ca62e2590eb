"""`faregate env`: lines to eval in a shell."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.confirm import inside_run
from faregate.cli.exit_codes import ExitCode
from faregate.config.files import read_private
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError, did_you_mean
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.versions import RESTART
from faregate.core.agent_setup import OURS, Gate, base_urls_only, set_up
from faregate.core.agents import EVERYTHING, Agent, agent_named, names
from faregate.core.identity import is_name
from faregate.core.secret import LOCAL_TOKEN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.control.models import Snapshot
    from faregate.core.agent_setup import AgentSetup

_NO_TOKEN = "fg-none"
_USUAL = (
    ("anthropic_messages", "ANTHROPIC_API_KEY"),
    ("openai_chat", "OPENAI_API_KEY"),
    ("openai_responses", "OPENAI_API_KEY"),
    ("gemini", "GEMINI_API_KEY"),
)
"""Whose key serves which dialect as it is, the first that an agent speaks."""


@click.command()
@click.argument("agent", required=False)
@click.option("--workspace", "-w", help="Label the traffic of this shell.")
@click.option(
    "--shell",
    type=click.Choice(["sh", "fish"]),
    default="sh",
    show_default=True,
    help="Whose syntax to print: sh is for bash and zsh as well.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="For opencode, which wants models declared: PROVIDER/MODEL; again for more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def env(
    agent: str | None,
    workspace: str | None,
    shell: str,
    models: tuple[str, ...],
    as_json: bool,
) -> int:
    """Lines to eval in a shell: eval "$(faregate env claude)".

    Without AGENT: variables that any OpenAI-, Anthropic- or Gemini-shaped program
    reads. With one: what that agent needs, which often differs. When it fails, what
    it prints fails too: eval "$(faregate env claude)" && claude starts nothing then.
    """
    try:
        _print(agent, workspace, models, fish=shell == "fish", as_json=as_json)
    except Exception:
        if not as_json:
            # An empty eval succeeds, and the agent would start without the gate.
            output.result("false")
        raise
    return 0


def _print(
    name: str | None,
    workspace: str | None,
    models: tuple[str, ...],
    *,
    fish: bool,
    as_json: bool,
) -> None:
    chosen = _agent(name)
    if workspace is not None and not is_name(workspace):
        raise click.UsageError(f"--workspace {workspace!r} is no name for a label")
    paths = find_paths()
    proxy, token = _running(paths), _token(paths)
    gate = Gate(
        url=_url(proxy, paths),
        token=token or _NO_TOKEN,
        workspace=workspace,
        models=(*_routes(paths), *(name.removeprefix(OURS) for name in models)),
    )
    setup = set_up(chosen, gate)
    if not token:
        if not as_json:
            # Who starts the agent all the same meets a closed gate, not an open road.
            _print_lines(base_urls_only(setup, _NO_TOKEN), chosen, fish=fish)
        raise output.CliError(
            "there is no local token yet; the proxy makes one when it first starts: "
            "faregate up",
            exit_code=ExitCode.UNREACHABLE,
            code="no_token",
        )
    if as_json:
        output.document(
            {
                "agent": chosen.name or None,
                "env": dict(setup.env),
                "unset": list(setup.unset),
                "args": list(setup.args),
                "notes": list(setup.notes),
            }
        )
        return
    _print_lines(setup, chosen, fish=fish)
    for text in setup.notes:
        output.note(f"# {text}")
    if proxy is not None and not _has_a_key(proxy, paths):
        output.note(
            "# The proxy has no provider's key yet, and refuses until it has one: "
            + give_a_key(chosen)
        )


def _has_a_key(proxy: Snapshot, paths: Paths) -> bool:
    """Tell whether a request with the gate's token could be served."""
    if proxy.setup.keys_found:
        return True
    try:
        known = load(paths).providers.values()
    except ConfigError:
        return True
    return any(each.configured and each.keyless for each in known)


def _routes(paths: Paths) -> tuple[str, ...]:
    try:
        return declared_models(load(paths))
    except ConfigError:
        # The proxy runs by what it read; its address and token are what is needed.
        return ()


def _print_lines(setup: AgentSetup, agent: Agent, *, fish: bool) -> None:
    for line in shell_lines(setup, agent, fish=fish):
        output.result(line)


def own_keys(agent: Agent) -> tuple[str, ...]:
    """Return the variables by which an agent brings a key of its own."""
    named = (*agent.env, *agent.unset)
    return tuple(name for name in named if name.endswith(("_KEY", "_TOKEN")))


def give_a_key(agent: Agent) -> str:
    """Return what gives the proxy a key that an agent can use."""
    usual = next((key for spoken, key in _USUAL if spoken in agent.protocols), "")
    return (
        f"export {usual or _USUAL[0][1]}=... (or that of another provider, see "
        f"faregate providers --all), then {RESTART}"
    )


def declared_models(settings: Settings) -> tuple[str, ...]:
    """Return what one's own configuration calls by name: routes and their targets."""
    names = [name for rule in settings.routes for name in rule.models]
    names += [str(target) for rule in settings.routes for target in rule.targets]
    # A pattern is no name that one could ask for.
    return tuple(dict.fromkeys(name for name in names if "*" not in name))


def shell_lines(setup: AgentSetup, agent: Agent, *, fish: bool = False) -> list[str]:
    """Return the lines for a shell; every value is quoted."""
    quote = _fish_quote if fish else shlex.quote
    export, assign = ("set -gx ", " ") if fish else ("export ", "=")
    lines = [f"{'set -e ' if fish else 'unset '}{name}" for name in setup.unset]
    lines += [f"{export}{name}{assign}{quote(v)}" for name, v in setup.env.items()]
    if setup.args and agent.commands:
        # No variable can do it, and an alias does not work in a script.
        name = agent.commands[0]
        arguments = " ".join(quote(each) for each in setup.args)
        lines.append(
            f"function {name}; command {name} {arguments} $argv; end"
            if fish
            else f'{name}() {{ command {name} {arguments} "$@"; }}'
        )
    return lines


def _fish_quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _agent(name: str | None) -> Agent:
    if name is None:
        return EVERYTHING
    found = agent_named(name)
    if found is None:
        known = ", ".join(dict.fromkeys(names()))
        guess = did_you_mean(name, names())
        raise click.UsageError(f"no agent {name!r} is known. {guess or known}")
    return found


def _token_of_run(environ: Mapping[str, str]) -> str:
    """Return the token that `faregate run` gave; raises CliError without one."""
    found = {v for v in environ.values() if v.startswith(LOCAL_TOKEN_PREFIX)}
    if len(found) != 1:
        raise output.CliError(
            "this runs inside faregate run, which has a token of its own, and no other "
            "is handed out here: type the command in a terminal of your own",
            exit_code=ExitCode.REFUSED,
            code="refused",
        )
    return found.pop()


def _running(paths: Paths) -> Snapshot | None:
    """Return what the proxy tells; None, and a word about it, where none does."""
    try:
        return ControlClient(paths.socket).snapshot()
    except ProxyNotRunning:
        output.note("# The proxy is not running. Start it with: faregate up")
    except ControlError as problem:
        output.note(f"# The proxy does not answer: {problem.message}")
    return None


def _url(proxy: Snapshot | None, paths: Paths) -> str:
    """Return the address of the proxy that runs, else of the one that would."""
    told = None if proxy is None else proxy.status.proxy
    return load(paths).server.url if told is None else told.url


def _token(paths: Paths) -> str:
    """Return the token of this shell; of its run where it is inside of one.

    The proxy's own token would let an agent step around what its run may use.
    """
    if inside_run():
        return _token_of_run(os.environ)
    return (read_private(paths.token) or b"").decode("ascii", "replace").strip()
