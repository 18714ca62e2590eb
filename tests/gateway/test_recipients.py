"""Whose credential a header of the caller is, and who may see it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from faregate.gateway.recipients import strangers
from faregate.providers.registry import PROVIDERS
from faregate.providers.spec import ProviderSpec
from tests.gateway.gates import SPEC

OPENAI = "https://api.openai.com/v1"
OWN = "https://gateway.example/v1"
OTHERS = [
    ("helicone-auth", "https://oai.helicone.ai/v1", "helicone"),
    ("x-portkey-api-key", "https://api.portkey.ai/v1", "my-portkey"),
    ("x-portkey-virtual-key", "https://api.portkey.ai/v1", "portkey"),
    ("x-portkey-config", "https://api.portkey.ai/v1", "portkey"),
    (
        "cf-aig-authorization",
        "https://gateway.ai.cloudflare.com/v1/a/b/openai",
        "cloudflare",
    ),
    ("cf-access-client-secret", "https://x.cloudflareaccess.com", "cloudflare"),
    ("cf-access-client-id", "https://x.cloudflareaccess.com", "cloudflare"),
    ("langfuse-secret-key", "https://cloud.langfuse.com", "langfuse"),
    ("langfuse_public_key", "https://cloud.langfuse.com", "langfuse"),
    ("x-litellm-api-key", "https://api.litellm.ai", "litellm"),
    ("ocp-apim-subscription-key", "https://mine.azure-api.net/openai", "azure"),
    ("x-amz-security-token", "https://bedrock.eu.amazonaws.com", "aws"),
    ("dd-api-key", "https://api.datadoghq.eu", "datadog"),
    ("private-token", "https://gitlab.com/api", "gitlab"),
]
HARMLESS = (
    "idempotency-key",
    "anthropic-beta",
    "anthropic-version",
    "x-session-id",
    "session_id",
    "openai-organization",
    "chatgpt-account-id",
    "x-goog-user-project",
    "x-goog-api-client",
    "x-stainless-retry-count",
    "x-client-id",
    "helicone-session-id",
    "x-max-tokens",
    "user-agent",
)
VENDORS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")


def left_out(
    *names: str, base: str = OPENAI, spec: ProviderSpec = SPEC, keyed: bool
) -> frozenset[str]:
    headers = dict.fromkeys((*names, *HARMLESS, *VENDORS), "value")
    return strangers(headers, spec, base, keyed=keyed)


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(("name", "home", "called"), OTHERS)
def test_a_known_partys_credential_goes_to_it_alone(
    name: str, home: str, called: str, keyed: bool
) -> None:
    assert left_out(name, keyed=keyed) == {name}
    assert left_out(name, base=OWN, keyed=keyed) == {name}
    assert left_out(name, base=home, keyed=keyed) == frozenset()
    named = replace(SPEC, name=called)
    assert left_out(name, base=OWN, spec=named, keyed=keyed) == frozenset()


def test_a_domain_that_only_looks_like_the_partys_is_not_its() -> None:
    for base in ("https://nothelicone.ai/v1", "https://helicone.ai.example/v1", ""):
        assert left_out("helicone-auth", base=base, keyed=True) == {"helicone-auth"}
    hong = replace(SPEC, name="hongkong")
    assert left_out("kong-api-key", spec=hong, keyed=True) == {"kong-api-key"}


@pytest.mark.parametrize(
    "name", ["x-auth-token", "x-openai-api-key", "apikey", "x-access-token", "x-secret"]
)
def test_a_credential_of_nobody_known(name: str) -> None:
    # The vendor reads the key that the gate sends, and no other.
    assert left_out(name, keyed=True) == {name}
    # One's own gateway may ask for a header that only its owner knows.
    assert left_out(name, base=OWN, keyed=True) == frozenset()
    # A caller with a key of its own is answered as it would be without the gate.
    assert left_out(name, keyed=False) == frozenset()


@pytest.mark.parametrize("spec", PROVIDERS, ids=lambda spec: spec.name)
def test_no_provider_loses_what_it_needs(spec: ProviderSpec) -> None:
    for base in spec.base_urls.values():
        assert left_out(*spec.headers, base=base, spec=spec, keyed=True) == frozenset()


def test_no_base_is_nobodys() -> None:
    assert strangers({"helicone-auth": "x"}, SPEC, None, keyed=True) == {
        "helicone-auth"
    }
