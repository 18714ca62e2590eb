"""Keys are found where they were said to be, and never shown."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from faregate.config import keys as keys_module
from faregate.config.keys import find_keys, note_keys, points_at
from faregate.config.load import load
from faregate.config.paths import Paths
from faregate.config.settings import ServerSettings, Settings
from faregate.core.secret import Secret

Configured = Callable[[str], Settings]
CANARY = "sk-canary-5f2e"


def command(*lines: str) -> str:
    script = "; ".join(lines)
    return f"[providers.openai]\nkey_command = ['{sys.executable}', '-c', '{script}']\n"


def test_the_first_variable_that_is_set_counts(paths: Paths) -> None:
    settings = load(paths)
    found = find_keys(
        settings, {"GEMINI_API_KEY": "", "GOOGLE_API_KEY": "g-1", "UNRELATED": "x"}
    ).found
    assert list(found) == ["gemini"]
    assert found["gemini"].source == "GOOGLE_API_KEY"
    assert found["gemini"].secret == Secret("g-1")


def test_no_key_at_all_is_fine(paths: Paths) -> None:
    keys = find_keys(load(paths), {})
    assert keys.found == {}
    assert keys.warnings == ()


def test_a_configured_provider_without_its_key_is_named(configured: Configured) -> None:
    settings = configured('[providers.openai]\nkey_env = ["WORK_KEY", "OTHER"]\n')
    (warning,) = find_keys(settings, {"OPENAI_API_KEY": CANARY}).warnings
    assert warning == "openai: no key found: none of WORK_KEY, OTHER is set"


@pytest.mark.parametrize(
    "value",
    [
        f"{CANARY} x",
        f"{CANARY}\nx",
        f'"{CANARY}"',
        f"'{CANARY}'",
        f"{CANARY}\u2011",
        f"{CANARY}\x1b",
        CANARY * 4000,
    ],
)
def test_a_key_that_cannot_be_one_is_ignored_and_not_shown(
    value: str, paths: Paths
) -> None:
    keys = find_keys(load(paths), {"OPENAI_API_KEY": value})
    assert keys.found == {}
    (warning,) = keys.warnings
    assert "OPENAI_API_KEY" in warning
    assert "canary" not in warning


def test_white_space_around_a_key_is_cut(paths: Paths) -> None:
    keys = find_keys(load(paths), {"OPENAI_API_KEY": f"  {CANARY}\n"})
    assert keys.found["openai"].secret.reveal() == CANARY


def test_our_own_token_is_no_providers_key(paths: Paths) -> None:
    keys = find_keys(load(paths), {"OPENAI_API_KEY": "fg-local"})
    assert "openai" not in keys.found
    (warning,) = keys.warnings
    assert "OPENAI_API_KEY" in warning
    assert "token of Faregate" in warning
    assert "fg-local" not in warning


def test_a_later_variable_helps_when_the_first_is_our_token(paths: Paths) -> None:
    keys = find_keys(
        load(paths), {"GEMINI_API_KEY": "fg-local", "GOOGLE_API_KEY": "real"}
    )
    assert keys.found["gemini"].secret.reveal() == "real"
    assert keys.warnings == ()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:4747/v1", "points at Faregate itself"),
        ("http://localhost:4747/s/x/v1", "points at Faregate itself"),
        ("https://gateway.example/v1", "only config.toml says"),
        ("http://127.0.0.1:8000/v1", "only config.toml says"),
    ],
)
def test_base_urls_of_the_environment_are_not_followed(
    url: str, said: str, paths: Paths
) -> None:
    settings = load(paths)
    keys = find_keys(settings, {"OPENAI_BASE_URL": url})
    (warning,) = keys.warnings
    assert said in warning
    assert "OPENAI_BASE_URL" in warning


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://127.0.0.1:4747", True),
        ("http://127.9.9.9:4747", True),
        ("http://[::1]:4747/v1", True),
        ("http://LOCALHOST.:4747/v1", True),
        ("http://127.0.0.1:4748", False),
        ("http://example.com:4747", False),
        ("http://[broken:4747", False),
        ("", False),
    ],
)
def test_what_points_at_ourselves(url: str, ours: bool) -> None:
    assert points_at(url, ServerSettings()) is ours


def test_a_command_prints_the_key(configured: Configured) -> None:
    settings = configured(command(f'print("{CANARY}")'))
    keys = find_keys(settings, {"OPENAI_API_KEY": "env-key"})
    assert keys.found["openai"].secret.reveal() == CANARY
    assert keys.found["openai"].source == "key_command"


def test_a_command_is_not_run_when_only_looking(configured: Configured) -> None:
    settings = configured(command(f'print("{CANARY}")'))
    assert find_keys(settings, {}, run=False).found == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (command(f'print("{CANARY}")', "raise SystemExit(3)"), "ended with code 3"),
        (command("pass"), "gave nothing"),
        (command(f'print("{CANARY}\\nsecond")'), "printed 2 lines"),
        (command(f'print("{CANARY} b")'), "a space or a quote"),
        (command('print("fg-1")'), "token of Faregate"),
        ('[providers.openai]\nkey_command = ["/no/such/tool"]\n', "was not found"),
    ],
)
def test_a_command_that_fails_is_a_warning_without_its_output(
    text: str, said: str, configured: Configured
) -> None:
    keys = find_keys(configured(text), {})
    assert keys.found == {}
    (warning,) = keys.warnings
    assert said in warning
    assert "canary" not in warning


def test_a_command_that_hangs_is_ended(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_module, "COMMAND_SECONDS", 0.2)
    settings = configured(command("import time", "time.sleep(60)"))
    (warning,) = find_keys(settings, {}).warnings
    assert "took longer" in warning


def test_a_command_cannot_read_the_terminal(configured: Configured) -> None:
    settings = configured(command("import sys", 'print("k" + sys.stdin.read())'))
    assert find_keys(settings, {}).found["openai"].secret.reveal() == "k"


@pytest.fixture
def fake_keyring(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The optional keyring package, which the test environment does not have."""
    stored: dict[str, str] = {}
    keyring, errors = ModuleType("keyring"), ModuleType("keyring.errors")

    class KeyringError(Exception):
        pass

    def get_password(service: str, user: str) -> str | None:
        if service == "broken":
            raise KeyringError(CANARY)
        return stored.get(f"{service}/{user}")

    vars(keyring)["get_password"] = get_password
    vars(errors)["KeyringError"] = KeyringError
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return stored


def test_the_keyring_is_asked(
    configured: Configured, fake_keyring: dict[str, str]
) -> None:
    fake_keyring["faregate/openai"] = CANARY
    settings = configured('[providers.openai]\nkeyring = "faregate/openai"\n')
    assert find_keys(settings, {}).found["openai"].secret.reveal() == CANARY
    del fake_keyring["faregate/openai"]
    assert find_keys(settings, {}).warnings == ("openai: no key found: keyring",)


def test_a_broken_or_missing_keyring_is_a_warning(
    configured: Configured,
    fake_keyring: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = configured('[providers.openai]\nkeyring = "broken/openai"\n')
    assert find_keys(settings, {}).warnings == ("openai: keyring: KeyringError",)
    monkeypatch.setitem(sys.modules, "keyring", None)
    (warning,) = find_keys(settings, {}).warnings
    assert "pip install 'faregate[keyring]'" in warning


def test_a_key_that_went_missing_is_named_once(paths: Paths) -> None:
    settings = load(paths)
    first = find_keys(settings, {"OPENAI_API_KEY": CANARY, "ANTHROPIC_API_KEY": "a"})
    assert note_keys(paths, first) == []
    (gone,) = note_keys(paths, find_keys(settings, {"ANTHROPIC_API_KEY": "a"}))
    assert gone.startswith("openai had a key at the last start")
    assert "key_command" in gone
    assert "keyring" in gone
    assert note_keys(paths, find_keys(settings, {"ANTHROPIC_API_KEY": "a"})) == []
    assert CANARY not in paths.keys_seen.read_text()


def test_what_is_missing_and_went_missing_is_told_once(
    paths: Paths, configured: Callable[[str], Settings]
) -> None:
    settings = configured(
        '[providers.mine]\nkind = "openai"\nbase_url = "https://h.example/v1"\n'
        'key_env = "MINE_KEY"\n'
    )
    note_keys(paths, find_keys(settings, {"MINE_KEY": CANARY}))
    keys = find_keys(settings, {})
    assert keys.warnings == ("mine: no key found: MINE_KEY is not set",)
    assert note_keys(paths, keys) == []


def test_no_key_reaches_any_text(paths: Paths) -> None:
    keys = find_keys(load(paths), {"OPENAI_API_KEY": CANARY})
    secret = keys.found["openai"].secret
    for text in (repr(keys), f"{secret}", f"{secret:>40}", str(secret), f"{keys}"):
        assert CANARY not in text
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(secret)


def test_looking_writes_nothing(paths: Paths) -> None:
    find_keys(load(paths), {"OPENAI_API_KEY": CANARY})
    assert list(Path(paths.config_dir).iterdir()) == []


def test_a_server_on_this_machine_needs_no_key(configured: Configured) -> None:
    settings = configured(
        '[providers.llamacpp]\nbase_url = "http://127.0.0.1:8081/v1"\n'
    )
    assert find_keys(settings, {}).warnings == ()
