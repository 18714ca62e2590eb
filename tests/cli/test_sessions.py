from __future__ import annotations

import json

from faregate.config.paths import Paths
from tests.cli.conftest import Cli
from tests.cli.cost_home import fill


def test_the_newest_first(cli: Cli, paths: Paths) -> None:
    fill(paths)
    header, aider, shop = cli("sessions").out.splitlines()
    assert aider.split()[0] == "aider-1"
    assert aider.endswith("rejected")
    assert header.split()[4] == "STATE"
    assert shop.split()[4] == "ended"
    assert [shop.split()[0], *shop.split()[-3:]] == [
        "shop-1",
        "$0.20",
        "$0.00",
        "accepted",
    ]
    document = json.loads(cli("sessions", "--json").out)
    assert [each["id"] for each in document["sessions"]] == ["aider-1", "shop-1"]
    assert [each["customer"] for each in document["sessions"]] == [None, "acme"]
    limited = cli("sessions", "--limit", "1")
    assert "more: --limit" in limited.err


def test_without_a_ledger(cli: Cli, paths: Paths) -> None:
    assert cli("sessions").out == "no session is known\n"
    assert json.loads(cli("sessions", "--json").out) == {"sessions": []}
