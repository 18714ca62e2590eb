"""Commands are imported one at a time."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from faregate.cli.commands import COMMANDS, faregate
from faregate.config.paths import Paths


@pytest.mark.parametrize("name", COMMANDS)
def test_each_name_leads_to_its_command(name: str) -> None:
    command = faregate.get_command(click.Context(faregate), name)
    assert command is not None
    assert command.name == name
    assert command.help


def test_an_unknown_name_leads_nowhere() -> None:
    assert faregate.get_command(click.Context(faregate), "nonsense") is None


@pytest.mark.parametrize("arguments", [["--help"], ["status"], ["budget"], ["env"]])
def test_no_command_loads_the_engine_or_the_screen(
    arguments: list[str], paths: Paths
) -> None:
    script = (
        "import sys, json; from faregate.cli.main import main; "
        f"main({arguments!r}); print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = {"textual", "aiohttp", "asyncio", "uvloop", "apsw", "tiktoken"}
    assert loaded & heavy == set()
    assert not {name for name in loaded if name.startswith("faregate.daemon")}
