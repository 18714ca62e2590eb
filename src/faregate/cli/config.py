"""`faregate config`: check the configuration, print its path or its schema."""

from __future__ import annotations

import click

from faregate.cli import output
from faregate.cli.behind import changed_since_start, tell
from faregate.cli.exit_codes import ExitCode
from faregate.cli.status_line import is_listening
from faregate.config.json_schema import json_schema
from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.config.problems import ConfigError


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
    if as_json:
        output.document(
            {
                "ok": True,
                "config": str(paths.config),
                "exists": paths.config.exists(),
                "hidden": settings.hidden,
                "warnings": settings.warnings,
            }
        )
        return 0
    state = "is fine" if paths.config.exists() else "does not exist: defaults"
    output.result(f"{paths.config} {state}")
    for each in settings.warnings:
        output.result(each)
    if is_listening(paths.socket):
        tell(changed_since_start(paths))
    return 0


@config.command()
def path() -> int:
    """Print the path of the configuration."""
    output.result(str(find_paths().config))
    return 0


@config.command()
def schema() -> int:
    """Print the JSON Schema, for editors that check TOML."""
    output.document(json_schema())
    return 0


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
