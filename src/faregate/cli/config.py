"""`faregate config`: check the configuration, print its path or its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from faregate.cli import output
from faregate.cli.behind import changed_since_start, tell
from faregate.cli.exit_codes import ExitCode
from faregate.cli.status_line import is_listening
from faregate.config.json_schema import json_schema
from faregate.config.keys import find_keys
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError

if TYPE_CHECKING:
    from faregate.config.settings import Settings


@click.group()
def config() -> None:
    """Check the configuration, print its path or its schema."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(as_json: bool) -> int:
    """Check the configuration without starting anything."""
    paths = find_paths()
    try:
        settings = load(paths)
    except ConfigError as error:
        if as_json:
            output.document({"ok": False, "problems": _problems(error)})
        output.error(str(error))
        return ExitCode.USAGE
    wrong = _wrong_actions(settings)
    code = ExitCode.USAGE if wrong else ExitCode.OK
    warnings = [*settings.warnings, *_missing_keys(settings)]
    if as_json:
        output.document(
            {
                "ok": not wrong,
                "config": str(paths.config),
                "exists": paths.config.exists(),
                "hidden": settings.hidden,
                "warnings": warnings,
                **({"problems": wrong} if wrong else {}),
            }
        )
        return code
    state = "is fine" if paths.config.exists() else "does not exist: defaults"
    if wrong:
        for each in wrong:
            output.error(f"{each['file']}: {each['message']}")
    else:
        output.result(f"{paths.config} {state}")
    for told in warnings:
        output.result(told)
    if is_listening(paths.socket):
        tell(changed_since_start(paths))
    return code


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def path(as_json: bool) -> int:
    """Print the path of the configuration."""
    paths = find_paths()
    if as_json:
        output.document(
            {
                "config": str(paths.config),
                "exists": paths.config.exists(),
                "overrides": str(paths.overrides),
            }
        )
    else:
        output.result(str(paths.config))
    return 0


@config.command()
@click.option("--json", is_flag=True, expose_value=False, help="It is JSON anyway.")
def schema() -> int:
    """Print the JSON Schema, for editors that check TOML."""
    output.document(json_schema())
    return 0


def _wrong_actions(settings: Settings) -> list[dict[str, object]]:
    """Return what is wrong with `[keys]`: the actions are the screen's own."""
    if not settings.keys:
        return []
    from faregate.tui.actions import check_keymap

    _, wrong = check_keymap(settings.keys)
    return [
        {
            "file": str(find_paths().config),
            "line": None,
            "key": None,
            "message": message,
            "hint": None,
        }
        for message in wrong
    ]


def _missing_keys(settings: Settings) -> list[str]:
    """Return which providers of the configuration have no usable key here."""
    told = find_keys(settings, run=False).warnings
    here = "in this shell; the proxy reads keys where it is started"
    return [
        f"{each} ({here})"
        for each in told
        if each.partition(":")[0] in settings.providers
    ]


def _problems(error: ConfigError) -> list[dict[str, object]]:
    return [
        {
            "file": str(problem.file) if problem.file else None,
            "line": problem.line,
            "key": problem.key or None,
            "message": problem.message,
            "hint": problem.hint or None,
        }
        for problem in error.problems
    ]
