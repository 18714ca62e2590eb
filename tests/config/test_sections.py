"""Providers: the catalogue changed and extended, and what is refused there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faregate.config.problems import ConfigError
from faregate.config.settings import CommandKey, EnvKey, KeyringKey, Settings
from faregate.providers.registry import PROVIDERS, by_name
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    AuthScheme,
    Billing,
    OnAbort,
)

Configured = Callable[[str], Settings]


def test_the_catalogue_is_there_without_configuration(configured: Configured) -> None:
    settings = configured("")
    assert settings.provider_specs == PROVIDERS
    openai = settings.providers["openai"]
    assert openai.key == EnvKey(("OPENAI_API_KEY",))
    assert not openai.configured


def test_a_provider_of_the_catalogue_is_changed_in_part(configured: Configured) -> None:
    settings = configured(
        """
        [providers.anthropic]
        key_command = ["pass", "show", "anthropic"]
        on_abort = "hold"
        billing = "subscription"
        tools = true
        unbilled = [500, 502]
        takes = ["text_parts", "developer_role"]
        """
    )
    chosen = settings.providers["anthropic"]
    bundled = by_name("anthropic")
    assert bundled is not None
    assert chosen.key == CommandKey(("pass", "show", "anthropic"))
    assert chosen.spec.on_abort is OnAbort.HOLD
    assert chosen.spec.billing is Billing.SUBSCRIPTION
    assert chosen.spec.tools is True
    assert chosen.spec.quirks == {"text_parts", "developer_role"}
    assert chosen.spec.unbilled_statuses == bundled.unbilled_statuses | {500, 502}
    assert settings.providers["openai"].spec.tools is None
    assert chosen.spec.base_urls == bundled.base_urls
    assert chosen.spec.model_prefixes == bundled.model_prefixes
    assert chosen.configured


def test_another_base_url_replaces_the_catalogues(configured: Configured) -> None:
    settings = configured(
        """
        [providers.openai]
        base_url = "https://gateway.example/openai/v1/"
        protocols = ["openai_chat", "openai_responses"]
        """
    )
    spec = settings.providers["openai"].spec
    assert spec.base_urls == {
        OPENAI_CHAT: "https://gateway.example/openai/v1",
        OPENAI_RESPONSES: "https://gateway.example/openai/v1",
    }
    assert settings.providers["openai"].key == EnvKey(("OPENAI_API_KEY",))


@pytest.mark.parametrize(
    ("kind", "url", "protocols", "expected", "auth"),
    [
        (
            "openai",
            "https://h.example/v1",
            "",
            {OPENAI_CHAT: "https://h.example/v1"},
            AuthScheme.BEARER,
        ),
        (
            "openai",
            "https://h.example/v1",
            'protocols = ["openai_chat", "anthropic_messages"]',
            {
                OPENAI_CHAT: "https://h.example/v1",
                ANTHROPIC_MESSAGES: "https://h.example",
            },
            AuthScheme.BEARER,
        ),
        (
            "anthropic",
            "https://h.example/anthropic",
            "",
            {ANTHROPIC_MESSAGES: "https://h.example/anthropic"},
            AuthScheme.X_API_KEY,
        ),
        (
            "gemini",
            "https://h.example",
            "",
            {GEMINI: "https://h.example"},
            AuthScheme.X_GOOG_API_KEY,
        ),
        (
            "openai",
            "http://[::1]:8000/v1",
            "",
            {OPENAI_CHAT: "http://[::1]:8000/v1"},
            AuthScheme.BEARER,
        ),
    ],
)
def test_an_own_provider_of_each_kind(
    kind: str,
    url: str,
    protocols: str,
    expected: dict[str, str],
    auth: AuthScheme,
    configured: Configured,
) -> None:
    settings = configured(
        f'[providers.mine]\nkind = "{kind}"\nbase_url = "{url}"\n'
        f'key_env = ["MINE_KEY", "OTHER"]\n{protocols}\n'
    )
    choice = settings.providers["mine"]
    assert choice.spec.base_urls == expected
    assert choice.spec.auth is auth
    assert choice.key == EnvKey(("MINE_KEY", "OTHER"))
    assert set(choice.spec.output_fields) == set(expected)
    assert not choice.spec.local


def test_a_server_on_this_machine_needs_no_key(configured: Configured) -> None:
    settings = configured(
        '[providers.mine]\nkind = "openai"\nbase_url = "http://127.0.0.1:8000/v1"\n'
        'billing = "free"\n'
    )
    spec = settings.providers["mine"].spec
    assert spec.auth is AuthScheme.NONE
    assert spec.local


def test_a_key_may_be_in_the_keyring(configured: Configured) -> None:
    settings = configured('[providers.openai]\nkeyring = "faregate/openai"\n')
    assert settings.providers["openai"].key == KeyringKey("faregate", "openai")


MINE = '[providers.mine]\nkind = "openai"\n'
BAD = [
    (MINE, "base_url is missing"),
    ('[providers.mine]\nbase_url = "https://h.example/v1"\n', "has no kind"),
    ('[providers.opneai]\nkey_env = "X"\n', "Did you mean openai?"),
    (MINE + 'base_url = "http://h.example/v1"\n', "unencrypted"),
    (MINE + 'base_url = "http://10.0.0.1/v1"\n', "unencrypted"),
    (MINE + 'base_url = "http://127.0.0.1.evil.example/v1"\n', "unencrypted"),
    (MINE + 'base_url = "https://user:hunter2@h.example/v1"\n', "user name"),
    (MINE + 'base_url = "https://h.example/v1?key=1"\n', "query"),
    (MINE + 'base_url = "ftp://h.example/v1"\n', "not a URL"),
    (MINE + 'base_url = "h.example/v1"\n', "https://host/v1"),
    (MINE + 'base_url = "https://h.example:0/v1"\n', "not a URL"),
    (MINE + 'base_url = "https://h.example:99999/v1"\n', "not a URL"),
    (MINE + 'base_url = "https://[::1/v1"\n', "not a URL"),
    (MINE + 'base_url = "https://h.example/\\u001b[2J"\n', "no URL has"),
    (MINE + 'base_url = "http://127.0.0.1:4747/v1"\n', "Faregate itself"),
    (MINE + 'base_url = "http://[::1]:4747/v1"\n', "Faregate itself"),
    (MINE + 'base_url = "http://localhost:4747"\n', "Faregate itself"),
    (MINE + 'base_url = "https://h.example/v1/chat/completions"\n', "Write:"),
    (
        '[providers.mine]\nkind = "anthropic"\nbase_url = "https://h.example/v1"\n',
        'Write: base_url = "https://h.example"',
    ),
    (MINE + 'base_url = "https://h.example/v1"\nregion = "eu"\n', "catalogue"),
    (
        MINE + 'base_url = "https://h.example/v1"\nprotocols = ["openai-chat"]\n',
        "Did you mean openai_chat?",
    ),
    ('[providers.openai]\nregion = "mars"\n', "no region"),
    ('[providers.openai]\nprotocols = ["gemini"]\n', "does not speak gemini"),
    ('[providers.openai]\nkind = "gemini"\n', "does not speak like gemini"),
    ('[providers.openai]\nbilling = "prepaid"\n', "metered"),
    ("[providers.openai]\nunbilled = [200]\n", "from 400 to 599"),
    ('[providers.openai]\ntools = "yes"\n', "Write true or false"),
    ('[providers.openai]\ntakes = ["text-part"]\n', "text_parts"),
    ('[providers.openai]\non_abort = "held"\n', "Did you mean hold?"),
    ('[providers."Open AI"]\nkind = "openai"\n', "Use a-z"),
    ('[providers.openai]\nkey_env = "A"\nkeyring = "a/b"\n', "already given"),
    ('[providers.openai]\nkey_command = "pass show x"\n', "Write a list"),
    ("[providers.openai]\nkey_command = []\n", "Write a list"),
    ('[providers.openai]\nkeyring = "openai"\n', "SERVICE/USER"),
    ("[providers]\nopenai = 5\n", "[providers.openai]"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_bad_provider_is_refused(
    text: str, said: str, configured: Configured
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(text)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert all(problem.line for problem in caught.value.problems)


@pytest.mark.parametrize(
    "line",
    [
        'api_key = "CANARY-sk-1234"',
        'key = "CANARY-sk-1234"',
        'token = "CANARY-sk-1234"',
        'key_env = "sk-CANARY-1234"',
        'key_env = "sk_CANARY_1234"',
        'key_env = ["OPENAI_API_KEY", "CANARY 1234"]',
        'key_command = "curl -H CANARY"',
        'keyring = "CANARY"',
    ],
)
def test_a_key_in_the_file_is_refused_and_not_printed(
    line: str, configured: Configured
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(f"[providers.openai]\n{line}\n")
    shown = str(caught.value) if "keyring" not in line else ""
    assert "CANARY" not in shown
    assert caught.value.problems[0].line == 2
