"""Which of a caller's headers hold a credential for somebody else.

An agent that used to reach its provider through another gateway or a recorder may
still send that party's key along. Owns the names of such headers and whose they are;
a provider's own four credential headers are none of its business.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from faregate.providers.registry import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.providers.spec import ProviderSpec

CREDENTIALS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key"})
"""Headers that providers themselves read their keys from."""

_OWNERS: Mapping[str, tuple[str, ...]] = {
    "helicone": ("helicone.ai",),
    "portkey": ("portkey.ai",),
    "cloudflare": ("gateway.ai.cloudflare.com", "cloudflareaccess.com"),
    "langfuse": ("langfuse.com",),
    "langsmith": ("langchain.com",),
    "braintrust": ("braintrust.dev", "braintrustapi.com"),
    "litellm": ("litellm.ai",),
    "vercel": ("ai-gateway.vercel.sh",),
    "kong": ("konghq.com",),
    "azure": ("azure.com", "azure-api.net", "windows.net"),
    "aws": ("amazonaws.com",),
    "datadog": ("datadoghq.com", "datadoghq.eu"),
    "honeycomb": ("honeycomb.io",),
    "github": ("github.com", "githubcopilot.com"),
    "gitlab": ("gitlab.com",),
    "vault": (),
}
"""Parties whose headers are known, each with the domains that are theirs."""

_PREFIXES: Mapping[str, str] = {
    "helicone-": "helicone",
    "x-portkey-": "portkey",
    "cf-aig-": "cloudflare",
    "cf-access-": "cloudflare",
    "langfuse-": "langfuse",
    "langfuse_": "langfuse",
    "x-langfuse-": "langfuse",
    "langsmith-": "langsmith",
    "x-langsmith-": "langsmith",
    "x-bt-": "braintrust",
    "x-litellm-": "litellm",
    "x-vercel-": "vercel",
    "kong-": "kong",
    "ocp-apim-": "azure",
    "x-amz-": "aws",
    "dd-": "datadog",
    "x-honeycomb-": "honeycomb",
    "x-github-": "github",
    "copilot-": "github",
    "private-token": "gitlab",
    "job-token": "gitlab",
    "x-vault-": "vault",
}
_CREDENTIAL = re.compile(
    r"(^|[-_])(auth|authorization|credentials?|secret|password|passwd|token|jwt|"
    r"(api|access|secret|public|private|virtual|subscription|auth|application)"
    r"[-_]?key)$|(^|[-_])api[-_]?key[-_]|^x-portkey-config$|^x-honeycomb-team$"
    r"|^cf-access-client-id$"
)
"""Names of headers that prove who somebody is."""
_HOSTS = frozenset(
    urlsplit(url).hostname
    for spec in PROVIDERS
    if not spec.local
    for urls in (spec.base_urls, *spec.regions.values())
    for url in urls.values()
)
"""Where vendors are whose own way to send a key is known."""


def strangers(
    headers: Mapping[str, str], spec: ProviderSpec, base: str | None, *, keyed: bool
) -> frozenset[str]:
    """Return the names of credentials that a provider at `base` must not see.

    A header of a known party goes to that party alone: to a host of its domains, or
    to a provider that the person named after it. With `keyed` the gate sends a key of
    its own; a vendor whose way to send keys is known then gets no other credential.
    """
    found = [name for name in headers if _is_credential(name)]
    if not found:
        return frozenset()
    host = urlsplit(base or "").hostname or ""
    known = keyed and host in _HOSTS
    return frozenset(
        name
        for name in found
        if (known if (owner := _owner(name)) is None else not _is(owner, spec, host))
    )


@lru_cache(maxsize=512)
def _is_credential(name: str) -> bool:
    return name not in CREDENTIALS and _CREDENTIAL.search(name) is not None


def _owner(name: str) -> str | None:
    for prefix, owner in _PREFIXES.items():
        if name.startswith(prefix):
            return owner
    return None


def _is(owner: str, spec: ProviderSpec, host: str) -> bool:
    if owner in re.split(r"[-_.]", spec.name.lower()):
        return True
    return any(host == each or host.endswith(f".{each}") for each in _OWNERS[owner])
