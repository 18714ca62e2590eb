"""Kinds of values that only this configuration has."""

from __future__ import annotations

import pytest

from faregate.config.kinds import NotThisKind
from faregate.config.schema import (
    BudgetsKeys,
    PriceWindowKeys,
    ProviderKeys,
    ServerKeys,
)
from faregate.config.values import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]"])
def test_hosts_of_this_machine(host: str) -> None:
    assert ServerKeys.HOST.kind.read(host) == host.strip("[]")


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.2", "example.com", "", 5, "127.0.0.1:4747"]
)
def test_hosts_that_others_reach(host: object) -> None:
    with pytest.raises(NotThisKind):
        ServerKeys.HOST.kind.read(host)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.255.1.1", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("::1", True),
        ("127.0.0.1.nip.io", False),
        ("localhost.example", False),
        ("0.0.0.0", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("scope", "read"),
    [
        ("global", ("global", None)),
        ("session", ("session", None)),
        ("agent", ("agent", None)),
        ("agent:codex", ("agent", "codex")),
        ("model:openai/gpt-5:free", ("model", "openai/gpt-5:free")),
    ],
)
def test_scopes(scope: str, read: tuple[str, str | None]) -> None:
    assert BudgetsKeys.SCOPE.kind.read(scope) == read


@pytest.mark.parametrize(
    "scope", ["", "agent:", "global:x", "session:x", "Agent:x", "user:x", 5, "agent:\n"]
)
def test_scopes_that_are_none(scope: object) -> None:
    with pytest.raises(NotThisKind):
        BudgetsKeys.SCOPE.kind.read(scope)


@pytest.mark.parametrize(
    ("text", "minute"), [("00:00", 0), ("01:30", 90), ("23:59", 1439), ("24:00", 1440)]
)
def test_times_of_day(text: str, minute: int) -> None:
    assert PriceWindowKeys.START.kind.read(text) == minute


@pytest.mark.parametrize("text", ["24:01", "1:30", "12:60", "noon", 90])
def test_times_that_are_none(text: object) -> None:
    with pytest.raises(NotThisKind):
        PriceWindowKeys.START.kind.read(text)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "_X", "a1"])
def test_names_of_variables(name: str) -> None:
    assert ProviderKeys.KEY_ENV.kind.read(name) == (name,)


@pytest.mark.parametrize(
    "name",
    ["sk-proj-abc", "sk_live_abc", "AIzaSyabc", "gsk_abc", "fg-abc", "A B", "1A", "A" * 65,
     "hf_abcdefghijklmnopqrstuv"],
)  # fmt: skip
def test_keys_in_place_of_names(name: str) -> None:
    with pytest.raises(NotThisKind) as caught:
        ProviderKeys.KEY_ENV.kind.read(name)
    assert name not in caught.value.message
