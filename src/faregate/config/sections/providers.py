"""[providers.NAME]: the catalogue, changed and extended by the person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from faregate.config.kinds import NotThisKind, text
from faregate.config.problems import did_you_mean
from faregate.config.schema import (
    PROVIDER_NAME,
    ProviderKeys,
    ProviderKind,
)
from faregate.config.settings import (
    CommandKey,
    EnvKey,
    KeyringKey,
    KeySource,
    ProviderChoice,
    ServerSettings,
)
from faregate.config.values import is_loopback
from faregate.providers.registry import PROVIDERS
from faregate.providers.spec import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    AuthScheme,
    Billing,
    ProviderSpec,
    max_tokens,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from faregate.config.tables import Table


_KEY_ITSELF = ("key", "api_key", "apikey", "token", "secret", "password")
_KEY_HINT = (
    "Keys do not belong in this file. Name where the key is: "
    'key_env = ["NAME"], key_command = ["pass", "show", "name"] or '
    'keyring = "service/user".'
)
_MAIN_PROTOCOL = {
    ProviderKind.OPENAI: OPENAI_CHAT,
    ProviderKind.ANTHROPIC: ANTHROPIC_MESSAGES,
    ProviderKind.GEMINI: GEMINI,
}
_AUTH = {
    ProviderKind.OPENAI: AuthScheme.BEARER,
    ProviderKind.ANTHROPIC: AuthScheme.X_API_KEY,
    ProviderKind.GEMINI: AuthScheme.X_GOOG_API_KEY,
}


def read_providers(table: Table, server: ServerSettings) -> dict[str, ProviderChoice]:
    """Return every usable provider by name: the catalogue and the person's own."""
    choices = {
        spec.name: ProviderChoice(spec=spec, key=EnvKey(spec.key_env))
        for spec in PROVIDERS
    }
    for name, section in table.named():
        try:
            text(PROVIDER_NAME, "a provider's name").read(name)
        except NotThisKind as problem:
            table.problem(name, problem.message, "Use a-z, 0-9, - and _.")
        base = choices.get(name)
        chosen = (
            _changed(section, base, server) if base else _own(section, name, server)
        )
        section.finish(secretive=_KEY_ITSELF, hint=_KEY_HINT)
        if chosen is not None:
            choices[name] = chosen
    return choices


def _changed(
    section: Table, base: ProviderChoice, server: ServerSettings
) -> ProviderChoice:
    """Return a provider of the catalogue with the person's changes."""
    kind = section.optional(ProviderKeys.KIND)
    url = section.optional(ProviderKeys.BASE_URL)
    protocols = section.optional(ProviderKeys.PROTOCOLS)
    spec = base.spec
    if kind is None:
        kind = _kind_of(spec)
    elif _MAIN_PROTOCOL[kind] not in spec.base_urls:
        section.problem("kind", f"{spec.name} does not speak like {kind.value}")
    spec, region = _in_region(section, spec)
    if url is not None:
        spec = replace(
            spec,
            base_urls=_base_urls(
                section, kind, url, protocols or _moved_with(kind, spec), server
            ),
            local=spec.local and is_loopback(url.hostname or ""),
        )
    elif protocols is not None:
        spec = _limited(section, spec, protocols)
    return ProviderChoice(
        spec=_as_judged(section, spec),
        key=_key_source(section) or base.key,
        region=region,
        configured=True,
    )


def _moved_with(kind: ProviderKind, spec: ProviderSpec) -> tuple[str, ...]:
    """Return the protocols that another base_url serves just as the usual one did."""
    main = _MAIN_PROTOCOL[kind]
    if main == OPENAI_CHAT and OPENAI_RESPONSES in spec.base_urls:
        return (OPENAI_CHAT, OPENAI_RESPONSES)
    return (main,)


def _own(section: Table, name: str, server: ServerSettings) -> ProviderChoice | None:
    """Return a provider that only the person knows."""
    if not section.has("kind"):
        guess = did_you_mean(name, [spec.name for spec in PROVIDERS])
        section.source.problem(
            section.path,
            "is not in the catalogue and has no kind",
            f'{guess} A provider of your own needs kind = "openai" (or anthropic, '
            "gemini) and base_url.".lstrip(),
        )
    kind = section.optional(ProviderKeys.KIND)
    url = section.required(ProviderKeys.BASE_URL)
    protocols = section.optional(ProviderKeys.PROTOCOLS)
    key = _key_source(section)
    if section.has("region"):
        section.optional(ProviderKeys.REGION)
        section.problem("region", "only providers of the catalogue have regions")
    spec = ProviderSpec(name=name, title=name, base_urls={})
    spec = _as_judged(section, spec)
    if kind is None or url is None:
        return None
    local = is_loopback(url.hostname or "")
    urls = _base_urls(section, kind, url, protocols, server)
    spec = replace(
        spec,
        base_urls=urls,
        auth=_AUTH[kind] if key else AuthScheme.NONE if local else _AUTH[kind],
        key_env=key.names if isinstance(key, EnvKey) else (),
        output_fields=max_tokens(*urls),
        output_fields_known=False,
        # Free only when the person says so: a loopback address may be a paid gateway.
        local=local and spec.billing is Billing.FREE,
    )
    return ProviderChoice(spec=spec, key=key or EnvKey(()), configured=True)


def _in_region(section: Table, spec: ProviderSpec) -> tuple[ProviderSpec, str]:
    region = section.optional(ProviderKeys.REGION)
    if region is None:
        return spec, ""
    if region not in spec.regions:
        known = ", ".join(sorted(spec.regions)) or "none"
        section.problem(
            "region",
            f'{spec.name} has no region "{region}"',
            did_you_mean(region, spec.regions) or f"Known: {known}.",
        )
        return spec, ""
    return replace(spec, base_urls=spec.regions[region]), region


def _limited(
    section: Table, spec: ProviderSpec, protocols: tuple[str, ...]
) -> ProviderSpec:
    for protocol in protocols:
        if protocol not in spec.base_urls:
            known = ", ".join(sorted(spec.base_urls))
            section.problem(
                "protocols",
                f"{spec.name} does not speak {protocol}",
                f"Known: {known}.",
            )
    urls = {name: url for name, url in spec.base_urls.items() if name in protocols}
    return replace(spec, base_urls=urls)


def _as_judged(section: Table, spec: ProviderSpec) -> ProviderSpec:
    """Return a provider as the person judges it, whatever else is known of it."""
    billing = section.optional(ProviderKeys.BILLING)
    on_abort = section.optional(ProviderKeys.ON_ABORT)
    tools = section.optional(ProviderKeys.TOOLS)
    unbilled = section.optional(ProviderKeys.UNBILLED) or ()
    takes = section.optional(ProviderKeys.TAKES)
    return replace(
        spec,
        billing=spec.billing if billing is None else billing,
        on_abort=spec.on_abort if on_abort is None else on_abort,
        tools=spec.tools if tools is None else tools,
        unbilled_statuses=spec.unbilled_statuses.union(unbilled),
        quirks=spec.quirks if takes is None else frozenset(takes),
    )


def _kind_of(spec: ProviderSpec) -> ProviderKind:
    for kind in (ProviderKind.OPENAI, ProviderKind.ANTHROPIC, ProviderKind.GEMINI):
        if _MAIN_PROTOCOL[kind] in spec.base_urls:
            return kind
    return ProviderKind.OPENAI


def _base_urls(
    section: Table,
    kind: ProviderKind,
    url: SplitResult,
    protocols: tuple[str, ...] | None,
    server: ServerSettings,
) -> Mapping[str, str]:
    """Return the URL for each protocol that the provider speaks."""
    path = url.path.rstrip("/")
    base = f"{url.scheme}://{url.netloc}{path}"
    if is_loopback(url.hostname or "") and url.port == server.port:
        section.problem(
            "base_url", "points at Faregate itself", "Name the provider's own address."
        )
    if kind is not ProviderKind.OPENAI and path.endswith(("/v1", "/v1beta")):
        version = path.rpartition("/")[2]
        section.problem(
            "base_url",
            f"ends in /{version}, which is added for kind {kind.value}",
            f'Write: base_url = "{base.removesuffix("/" + version)}"',
        )
    for ending in ("/chat/completions", "/responses", "/messages"):
        if path.endswith(ending):
            section.problem(
                "base_url",
                f"ends in {ending}, which is added to it",
                f'Write: base_url = "{base.removesuffix(ending)}"',
            )
    root = base.removesuffix("/v1")
    versioned = base if kind is ProviderKind.OPENAI else f"{base}/v1"
    spoken = protocols or (_MAIN_PROTOCOL[kind],)
    return {
        protocol: root if protocol in (ANTHROPIC_MESSAGES, GEMINI) else versioned
        for protocol in spoken
    }


def _key_source(section: Table) -> KeySource | None:
    names = section.optional(ProviderKeys.KEY_ENV)
    argv = section.optional(ProviderKeys.KEY_COMMAND)
    keyring = section.optional(ProviderKeys.KEYRING)
    given = [
        name for name in ("key_env", "key_command", "keyring") if section.has(name)
    ]
    if len(given) > 1:
        section.problem(given[-1], f"the key is already given by {given[0]}")
    if argv is not None:
        return CommandKey(argv)
    if keyring is not None:
        return KeyringKey(*keyring)
    return None if names is None else EnvKey(names)
