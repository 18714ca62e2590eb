"""`faregate routes`: which routes there are, and where a request would go."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from faregate.cli import output
from faregate.cli.behind import changed_since_start, tell
from faregate.cli.exit_codes import ExitCode
from faregate.config.keys import find_keys
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.settings import EnvKey
from faregate.control.client import ControlClient
from faregate.control.errors import ControlError
from faregate.control.explained_steps import order_words

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from faregate.config.paths import Paths
    from faregate.config.settings import Settings
    from faregate.core.routing import RouteRule
    from faregate.route_preview import Candidate, Preview

_HINT = (
    "No routes are configured. Add to config.toml, for example: [routes.cheap] "
    'models = ["auto"] targets = ["deepseek/deepseek-flash", "anthropic/..."]'
)
_WHOSE_KEYS = {
    "proxy": "keys are those that the running proxy has",
    "shell": "no proxy is running: keys were looked for in this shell's environment",
}
_LARGEST = 64 * 1024 * 1024


@click.command()
@click.option(
    "--explain",
    "file",
    metavar="FILE",
    help="Say where the request in this JSON file would go; - reads standard input.",
)
@click.option(
    "--as",
    "dialect",
    type=click.Choice(["chat", "responses", "messages", "gemini"]),
    help="The API that the request is for; guessed from its fields without this.",
)
@click.option("--model", help="Another model than the file names.")
@click.option("--session", default="dry-run", help="A session that it belongs to.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def routes(
    file: str | None,
    dialect: str | None,
    model: str | None,
    session: str,
    as_json: bool,
) -> int:
    """Which routes there are, and where a request would go.

    With --explain nothing is sent: the request is planned by the configuration as it
    is now, for a session without a past.
    """
    paths = find_paths()
    settings = load(paths)
    breakers = _breakers(paths)
    if file is not None:
        keyed, whose = _keyed(paths, settings)
        preview = _preview(settings, keyed, file, dialect, model, session)
        if as_json:
            output.document(_document(preview, breakers) | {"keys": whose})
        else:
            for line in _told(preview, breakers):
                output.result(line)
            output.note(f"faregate: {_WHOSE_KEYS[whose]}")
            if whose == "proxy":
                tell(changed_since_start(paths))
        usable = any(each.refusal is None for each in preview.candidates)
        return 0 if usable else ExitCode.FAILED
    if as_json:
        output.document({"routes": [_rule(each, breakers) for each in settings.routes]})
        return 0
    if not settings.routes:
        output.note(f"faregate: {_HINT}")
    for rule in settings.routes:
        for line in _listed(rule, breakers):
            output.result(line)
    return 0


def _breakers(paths: Paths) -> Mapping[str, str]:
    """Return the state of each provider's breaker; nothing without a proxy."""
    try:
        status = ControlClient(paths.socket).status()
    except ControlError:
        return {}
    return {each.name: each.breaker or "closed" for each in status.providers}


def _keyed(paths: Paths, settings: Settings) -> tuple[Container[str], str]:
    """Return the providers that have a key, and where that was looked up.

    A proxy found its keys when it started, maybe in another shell than this one.
    """
    with suppress(ControlError):
        return ControlClient(paths.socket).snapshot().setup.keys_found, "proxy"
    here = set(find_keys(settings, run=False).found)
    # A command and the keyring are asked when the proxy starts, and not for a look.
    here |= {
        name
        for name, choice in settings.providers.items()
        if not isinstance(choice.key, EnvKey)
    }
    return here, "shell"


def _preview(
    settings: Settings,
    keyed: Container[str],
    file: str,
    dialect: str | None,
    model: str | None,
    session: str,
) -> Preview:
    from faregate.protocols.codec import BadRequestError
    from faregate.route_preview import RoutePreview

    body = _read(file)
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise output.CliError(
            f"{file} holds no JSON: {problem}", exit_code=ExitCode.USAGE, code="usage"
        ) from problem
    if not isinstance(request, dict):
        raise output.CliError(
            f"{file} holds no JSON object", exit_code=ExitCode.USAGE, code="usage"
        )
    dialect = dialect or _guess(request)
    if model is not None and dialect != "gemini":
        request["model"] = model
        body = json.dumps(request).encode()
    try:
        return RoutePreview(settings, keyed).of(
            body, dialect, model=model or "", session=session
        )
    except BadRequestError as problem:
        raise output.CliError(
            f"the request in {file} is not valid: {problem.message}",
            exit_code=ExitCode.USAGE,
            code="bad_request",
        ) from problem


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(_LARGEST)
        return Path(file).read_bytes()
    except OSError as problem:
        raise output.CliError(
            f"{file} cannot be read: {problem.strerror}",
            exit_code=ExitCode.USAGE,
            code="usage",
        ) from problem


def _guess(request: dict[str, Any]) -> str:
    """Return the API that a request looks made for."""
    if "contents" in request:
        return "gemini"
    if "input" in request:
        return "responses"
    tools = request.get("tools")
    schemas = isinstance(tools, list) and any(
        isinstance(tool, dict) and "input_schema" in tool for tool in tools
    )
    if schemas or "system" in request or "thinking" in request:
        return "messages"
    return "chat"


def _listed(rule: RouteRule, breakers: Mapping[str, str]) -> list[str]:
    lines = [f"{rule.name}: {', '.join(rule.models)} ({_how(rule)})"]
    for number, target in enumerate(rule.targets, start=1):
        option = rule.options.get(target)
        notes = []
        if option is not None and option.weight is not None:
            notes.append(f"weight {option.weight}")
        if option is not None and option.max_output is not None:
            notes.append(f"at most {option.max_output} output tokens")
        if target in rule.escalate_to:
            notes.append("escalated requests")
        state = breakers.get(target.provider, "closed")
        if state != "closed":
            notes.append(f"breaker {state}")
        told = f" ({', '.join(notes)})" if notes else ""
        lines.append(f"  {number}. {target}{told}")
    return lines


def _how(rule: RouteRule) -> str:
    parts = [str(rule.policy), "sticky" if rule.sticky else "not sticky"]
    escalation = rule.escalation
    if escalation is not None:
        parts.append(f"escalates on {', '.join(sorted(escalation.on))}")
        if escalation.validate:
            parts.append("checks answers first")
    return ", ".join(parts)


def _told(preview: Preview, breakers: Mapping[str, str]) -> list[str]:
    if not preview.candidates:
        return [f"{preview.model}: no provider is known for it"]
    where = f"route {preview.route}" if preview.route else "its own provider"
    why = order_words(preview.why)
    if preview.complex_by:
        why += f"; too complex by its {preview.complex_by}"
    lines = [f"{preview.model} goes to {where} ({why})"]
    for number, each in enumerate(preview.candidates, start=1):
        lines.append(f"  {number}. {each.target}: {_fate(each, breakers)}")
    return lines


def _fate(each: Candidate, breakers: Mapping[str, str]) -> str:
    if each.refusal is not None:
        return f"passed over: {each.refusal}"
    parts = []
    if each.expected is not None:
        parts.append(f"about {each.expected}")
    if each.hold is not None:
        parts.append(f"holds {each.hold}")
    if each.translated:
        parts.append("translated")
    state = breakers.get(each.target.provider, "closed")
    if state != "closed":
        parts.append(f"breaker {state}")
    return ", ".join(parts) or "is asked"


def _rule(rule: RouteRule, breakers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": rule.name,
        "models": list(rule.models),
        "policy": str(rule.policy),
        "sticky": rule.sticky,
        "escalate_on": sorted(rule.escalation.on) if rule.escalation else [],
        "validate": rule.escalation is not None and rule.escalation.validate,
        "targets": [
            {
                "target": str(target),
                "weight": None if option is None else option.weight,
                "max_output": None if option is None else option.max_output,
                "escalated": target in rule.escalate_to,
                "breaker": breakers.get(target.provider),
            }
            for target in rule.targets
            for option in [rule.options.get(target)]
        ],
    }


def _document(preview: Preview, breakers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "model": preview.model,
        "route": preview.route,
        "why": preview.why,
        "complex_by": preview.complex_by,
        "targets": [
            {
                "target": str(each.target),
                "refusal": each.refusal,
                "expected": None if each.expected is None else each.expected.exact(),
                "hold": None if each.hold is None else each.hold.exact(),
                "translated": each.translated,
                "breaker": breakers.get(each.target.provider),
            }
            for each in preview.candidates
        ],
    }
