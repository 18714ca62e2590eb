"""The version, for people and for scripts."""

from __future__ import annotations

import json

from faregate import __version__
from tests.cli.conftest import Cli


def test_the_version_in_each_form(cli: Cli) -> None:
    assert cli("version").out == f"faregate {__version__}\n"
    assert cli("--version").out == f"faregate {__version__}\n"
    document = json.loads(cli("version", "--json").out)
    assert document["version"] == __version__
