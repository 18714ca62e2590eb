"""`faregate keys`: show, make, take back."""

from __future__ import annotations

import json

import pytest

from faregate.cli.exit_codes import ExitCode
from faregate.config.paths import Paths
from faregate.control.keys import KeyView, MadeKey
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.terminal import in_terminal

MADE = MadeKey(id="key-1", workspace="web", token="fg-for-web")
LISTED = KeyView(
    id="key-1", workspace="web", made_at="2026-11-21T10:00:00Z", revoked_at=None
)


def test_keys_are_listed(cli: Cli, proxy: AskedProxy) -> None:
    proxy.answers["GET /v1/keys"] = []
    assert "faregate keys new" in cli("keys").err
    proxy.answers["GET /v1/keys"] = [LISTED]
    assert "key-1" in cli("keys").out
    assert json.loads(cli("keys", "--json").out)["keys"][0]["workspace"] == "web"


def test_a_person_makes_one(paths: Paths, proxy: AskedProxy) -> None:
    proxy.answers["POST /v1/keys"] = MADE
    ended = in_terminal("keys", "new", "web", answer="yes")
    assert ended.code == 0
    assert "fg-for-web" in ended.screen
    assert proxy.asked("/v1/keys") == [{"workspace": "web"}]


def test_not_inside_a_run_nor_for_no_name(
    cli: Cli, proxy: AskedProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("keys", "new", "no name").code == ExitCode.USAGE
    monkeypatch.setenv("FAREGATE_SESSION", "s1")
    assert cli("keys", "new", "web").code == ExitCode.REFUSED
    assert proxy.asked("/v1/keys") == []


def test_one_is_taken_back(cli: Cli, proxy: AskedProxy) -> None:
    assert cli("keys", "revoke", "key-1").out == "key-1: revoked\n"
    assert json.loads(cli("keys", "revoke", "key-1", "--json").out)["revoked"] is True
    assert proxy.asked("/v1/keys/revoke") == [{"id": "key-1"}] * 2
