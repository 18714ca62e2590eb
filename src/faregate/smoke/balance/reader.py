"""Asks a provider what is left.

Owns the one request, bounded in time and size. A balance is never needed: whatever
goes wrong becomes a sentence, without the key.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from faregate.core.attempts import UpstreamRequest
from faregate.core.faults import UpstreamError
from faregate.providers.spec import BalanceKind
from faregate.smoke.balance import (
    deepinfra,
    deepseek,
    kimi_plan,
    minimax_plan,
    moonshot,
    novita,
    openrouter,
    siliconflow,
    zai_plan,
)
from faregate.smoke.balance.figures import UnreadableError, decoded
from faregate.smoke.balance.values import NoBalance
from faregate.smoke.diagnosis import diagnose
from faregate.smoke.scrub import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from faregate.core.secret import Secret
    from faregate.gateway.ports import Upstream
    from faregate.providers.spec import BalanceEndpoint, ProviderSpec
    from faregate.smoke.balance.values import Balance

    Reader = Callable[[Any, BalanceEndpoint], Balance]

DEADLINE_S = 10.0
MOST_BYTES = 64 * 1024
_READERS: Mapping[BalanceKind, Reader] = {
    BalanceKind.DEEPSEEK: deepseek.read,
    BalanceKind.MOONSHOT: moonshot.read,
    BalanceKind.OPENROUTER: openrouter.read,
    BalanceKind.SILICONFLOW: siliconflow.read,
    BalanceKind.NOVITA: novita.read,
    BalanceKind.DEEPINFRA: deepinfra.read,
    BalanceKind.ZAI_PLAN: zai_plan.read,
    BalanceKind.KIMI_PLAN: kimi_plan.read,
    BalanceKind.MINIMAX_PLAN: minimax_plan.read,
}
_DENIED = frozenset({401, 403})


async def read_balance(
    spec: ProviderSpec,
    key: Secret | None,
    http: Upstream,
    *,
    deadline_s: float = DEADLINE_S,
) -> Balance | NoBalance:
    """Return what is left for this key, or why that is not known; raises nothing."""
    endpoint = endpoint_of(spec)
    if endpoint is None:
        return _none(spec)
    if key is None:
        return NoBalance(why="no key was found")
    secret = key.reveal()
    try:
        async with asyncio.timeout(deadline_s):
            found = await _ask(spec, endpoint, secret, http)
    except TimeoutError:
        found = NoBalance(why=f"no answer within {deadline_s:g} s")
    except UpstreamError as error:
        found = NoBalance(why=scrub(error.message, secret))
    if isinstance(found, NoBalance) and endpoint.plan_only:
        return NoBalance(why=f"{found.why} (only a plan's key is told)")
    return found


def endpoint_of(spec: ProviderSpec) -> BalanceEndpoint | None:
    """Return what to ask; None where nothing is at home at the base URLs' domain.

    A key that goes to an address of the person's own choice goes nowhere else.
    """
    if spec.balance is None:
        return None
    domains = {_domain(url) for url in spec.base_urls.values()}
    for endpoint in (spec.balance, *spec.balance.others):
        if _domain(endpoint.url) in domains:
            return endpoint
    return None


def _none(spec: ProviderSpec) -> NoBalance:
    if spec.balance is None:
        return NoBalance(why="it has no balance to ask for", has_endpoint=False)
    return NoBalance(
        why="the base URL is not where its balance is kept", has_endpoint=False
    )


def _domain(url: str) -> str:
    host = urlsplit(url).hostname or ""
    if host.replace(".", "").isdigit() or ":" in host:
        return host
    return ".".join(host.rsplit(".", 2)[-2:])


async def _ask(
    spec: ProviderSpec, endpoint: BalanceEndpoint, secret: str, http: Upstream
) -> Balance | NoBalance:
    found: Balance | NoBalance = NoBalance(why="nothing was asked")
    for url, authorization in _ways(endpoint, secret):
        found, denied = await _once(spec, endpoint, url, authorization, secret, http)
        if not denied:
            return found
    return found


def _ways(endpoint: BalanceEndpoint, secret: str) -> list[tuple[str, str]]:
    """Return the requests to try, each only when the one before was denied."""
    bearer = f"Bearer {secret}"
    match endpoint.kind:
        case BalanceKind.ZAI_PLAN:
            # Clients of this undocumented path send the key in either form.
            return [(endpoint.url, secret), (endpoint.url, bearer)]
        case BalanceKind.OPENROUTER:
            of_key = endpoint.url.removesuffix("/credits") + openrouter.KEY_PATH
            return [(endpoint.url, bearer), (of_key, bearer)]
        case _:
            return [(endpoint.url, bearer)]


async def _once(
    spec: ProviderSpec,
    endpoint: BalanceEndpoint,
    url: str,
    authorization: str,
    secret: str,
    http: Upstream,
) -> tuple[Balance | NoBalance, bool]:
    """Return what one request told, and whether it was denied."""
    headers = {
        **spec.headers,
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "faregate-smoke",
        "authorization": authorization,
    }
    answer = await http.send(
        UpstreamRequest(url=url, method="GET", headers=headers, body=b"")
    )
    try:
        body = await answer.read(MOST_BYTES)
    except BaseException:
        answer.abort()
        raise
    if answer.status != 200:
        denied = answer.status in _DENIED
        return NoBalance(why=_refused(spec, answer.status, body, secret)), denied
    document = decoded(body)
    if document is None:
        return NoBalance(why="its answer is no JSON"), False
    try:
        return _READERS[endpoint.kind](document, endpoint), False
    except UnreadableError as error:
        # Some deny with status 200 and words.
        denied = endpoint.kind is BalanceKind.ZAI_PLAN
        return NoBalance(why=scrub(str(error), secret)), denied


def _refused(spec: ProviderSpec, status: int, body: bytes, secret: str) -> str:
    found = diagnose(spec, status, body, secret=secret)
    return f"status {status}" if found is None else found.sentence
