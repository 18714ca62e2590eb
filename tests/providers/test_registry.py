"""The catalogue: every entry is one that a request can be sent by."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from faregate.protocols import flags
from faregate.protocols.quirks import KNOWN_QUIRKS
from faregate.providers.registry import PROVIDERS, by_name, provider_of_model
from faregate.providers.spec import (
    PROTOCOLS,
    AuthScheme,
    Billing,
    OnAbort,
    ProviderSpec,
)

EVERY = pytest.mark.parametrize("spec", PROVIDERS, ids=lambda spec: spec.name)
EXPECTED = {
    "openai", "anthropic", "gemini", "deepseek", "dashscope", "zai", "bigmodel",
    "moonshot", "minimax", "openrouter", "groq", "cerebras", "together", "fireworks",
    "mistral", "xai", "siliconflow", "ollama", "lmstudio", "llamacpp", "vllm",
    "deepinfra", "novita", "sambanova", "nebius", "kimi-coding",
    "dashscope-coding-plan", "cohere",
}  # fmt: skip
LOOPBACK = {"localhost", "127.0.0.1"}


def urls_of(spec: ProviderSpec) -> list[str]:
    return [
        *spec.base_urls.values(),
        *(url for region in spec.regions.values() for url in region.values()),
    ]


def test_the_catalogue_is_complete_and_each_name_is_there_once() -> None:
    names = [spec.name for spec in PROVIDERS]
    assert len(names) == len(set(names))
    assert set(names) == EXPECTED


def test_a_provider_is_found_by_its_exact_name() -> None:
    for spec in PROVIDERS:
        assert by_name(spec.name) is spec
    assert by_name("OpenAI") is None
    assert by_name("") is None


@EVERY
def test_names_can_be_written_in_config_and_before_a_slash(spec: ProviderSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]*", spec.name)
    assert spec.title


@EVERY
def test_every_url_is_https_unless_it_is_local(spec: ProviderSpec) -> None:
    urls = urls_of(spec)
    assert urls
    for url in urls:
        parts = urlsplit(url)
        assert not url.endswith("/")
        assert parts.hostname
        assert not parts.query
        if spec.local:
            assert parts.scheme == "http"
            assert parts.hostname in LOOPBACK
        else:
            assert parts.scheme == "https"
            assert "{" not in url


@EVERY
def test_every_protocol_is_one_that_exists(spec: ProviderSpec) -> None:
    assert spec.base_urls.keys() <= PROTOCOLS
    assert spec.auth_for.keys() <= spec.base_urls.keys()
    for region in spec.regions.values():
        assert region.keys() <= PROTOCOLS
    assert spec.region_multipliers.keys() <= spec.regions.keys()


@EVERY
def test_every_protocol_has_a_field_that_bounds_the_output(spec: ProviderSpec) -> None:
    assert spec.output_fields.keys() == spec.base_urls.keys()


@EVERY
def test_endpoint_paths_follow_their_base(spec: ProviderSpec) -> None:
    for url in urls_of(spec):
        assert not url.endswith(("/messages", "/chat/completions", "/responses"))
    anthropic = spec.base_urls.get("anthropic_messages", "")
    assert not anthropic.endswith("/v1")


@EVERY
def test_key_variables_are_names_of_variables(spec: ProviderSpec) -> None:
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*_KEY|\w+_TOKEN", n) for n in spec.key_env)
    assert spec.local or spec.key_env
    assert spec.auth is not AuthScheme.NONE or spec.local


@EVERY
def test_money_is_kept_safe(spec: ProviderSpec) -> None:
    assert spec.local == (spec.billing is Billing.FREE)
    observed = spec.on_abort is OnAbort.OBSERVED
    assert observed == (spec.local or spec.name in {"anthropic", "openai"})
    assert all(400 <= status < 600 for status in spec.unbilled_statuses)
    for numerator, denominator in spec.region_multipliers.values():
        assert numerator >= denominator > 0
    assert spec.tokenizer is None or spec.name == "openai"


@EVERY
def test_flags_are_those_that_codecs_know(spec: ProviderSpec) -> None:
    known = {value for name, value in vars(flags).items() if name.isupper()}
    assert spec.usage_flags <= known


@EVERY
def test_quirks_are_those_that_writers_know(spec: ProviderSpec) -> None:
    assert spec.quirks <= KNOWN_QUIRKS
    assert spec.translated_to is None or spec.translated_to in spec.base_urls


@EVERY
def test_balance_is_asked_at_the_provider_itself(spec: ProviderSpec) -> None:
    if spec.balance is None:
        return
    host = urlsplit(spec.balance.url).hostname or ""
    own = {(urlsplit(url).hostname or "").split(".")[-2] for url in urls_of(spec)}
    assert urlsplit(spec.balance.url).scheme == "https"
    assert host.split(".")[-2] in own
    assert spec.balance.unit in {"USD", "percent", "requests"}


def test_known_variables() -> None:
    first = {spec.name: spec.key_env[:1] for spec in PROVIDERS}
    assert first["openai"] == ("OPENAI_API_KEY",)
    assert first["anthropic"] == ("ANTHROPIC_API_KEY",)
    assert first["gemini"] == ("GEMINI_API_KEY",)
    assert first["deepseek"] == ("DEEPSEEK_API_KEY",)
    assert first["dashscope"] == ("DASHSCOPE_API_KEY",)
    assert first["zai"] == ("ZAI_API_KEY",)
    assert first["moonshot"] == ("MOONSHOT_API_KEY",)
    assert first["openrouter"] == ("OPENROUTER_API_KEY",)
    assert first["xai"] == ("XAI_API_KEY",)


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("claude-opus-5-5", "anthropic"),
        ("gpt-6.1-sol", "openai"),
        ("o3", "openai"),
        ("o4-mini", "openai"),
        ("codex-mini-latest", "openai"),
        ("text-embedding-3-small", "openai"),
        ("gemini-3.8-flash", "gemini"),
        ("deepseek-v4-pro", "deepseek"),
        ("qwen3-coder-plus", "dashscope"),
        ("glm-5.3", "zai"),
        ("kimi-k3", "moonshot"),
        ("moonshot-v1-128k", "moonshot"),
        ("kimi-for-coding", "kimi-coding"),
        ("MiniMax-M3", "minimax"),
        ("minimax-m3", "minimax"),
        ("grok-4.7", "xai"),
        ("mistral-medium-latest", "mistral"),
        ("devstral-2512", "mistral"),
        ("codestral-latest", "mistral"),
    ],
)
def test_a_bare_name_leads_to_its_maker(model: str, provider: str) -> None:
    spec = provider_of_model(model)
    assert spec is not None
    assert spec.name == provider


@pytest.mark.parametrize(
    "model",
    [
        "gpt-oss-120b",
        "gpt",
        "llama-3.3-70b",
        "qwen3:8b",
        "deepseek-ai/DeepSeek-V4-Pro",
        "openrouter/claude-opus-5",
        "my-claude-",
        "",
    ],
)
def test_other_names_lead_nowhere(model: str) -> None:
    assert provider_of_model(model) is None


def test_no_prefix_belongs_to_two_providers() -> None:
    prefixes = [prefix for spec in PROVIDERS for prefix in spec.model_prefixes]
    assert len(prefixes) == len(set(prefixes))
    assert all(prefix == prefix.lower() for prefix in prefixes)
