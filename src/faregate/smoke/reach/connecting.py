"""The way to a server, step by step: name, connection, TLS; each timed and bounded.

Owns telling apart how it fails. Sends nothing but what TLS itself sends.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faregate.smoke.reach.places import Place

    Addresses = list[tuple[int, Any]]
    Resolve = Callable[[str, int], Awaitable[Addresses]]

STEP_S = 5.0
_MOST_ADDRESSES = 4


class Step(StrEnum):
    """How far it went."""

    DNS = "DNS"
    TCP = "TCP"
    TLS = "TLS"
    HTTP = "HTTP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Where the way ended, in words, and what to do."""

    step: Step
    sentence: str
    fix: str


@dataclass(slots=True, kw_only=True)
class Way:
    """How long each step took, in seconds; None where it was not reached."""

    dns_s: float | None = None
    tcp_s: float | None = None
    tls_s: float | None = None
    trouble: Trouble | None = None


async def connect(
    place: Place,
    *,
    tls: ssl.SSLContext | None = None,
    resolve: Resolve | None = None,
    step_s: float = STEP_S,
) -> Way:
    """Return how the way to a server went; raises nothing.

    Takes at most three times `step_s`.
    """
    way = Way()
    now = asyncio.get_running_loop().time
    began = now()
    addresses = await _resolved(place, resolve or _look_up, step_s, way)
    if not addresses:
        return way
    way.dns_s = now() - began
    began = now()
    connected = await _connected(place, addresses, step_s, way)
    if connected is None:
        return way
    way.tcp_s = now() - began
    if not place.encrypted:
        connected.close()
        return way
    began = now()
    if await _encrypted(place, connected, tls, step_s, way):
        way.tls_s = now() - began
    return way


async def _look_up(host: str, port: int) -> Addresses:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(int(family), address) for family, _, _, _, address in found]


async def _resolved(
    place: Place, resolve: Resolve, step_s: float, way: Way
) -> Addresses:
    host = place.host
    words = f"the name {host} does not resolve"
    try:
        async with asyncio.timeout(step_s):
            return await resolve(host, place.port)
    except TimeoutError:
        words = f"no name server told within {step_s:g} s where {host} is"
    except (OSError, UnicodeError):
        pass
    way.trouble = Trouble(
        step=Step.DNS,
        sentence=words,
        fix="Check base_url for a typing error, then the network and its name server.",
    )
    return []


async def _connected(
    place: Place, addresses: Addresses, step_s: float, way: Way
) -> socket.socket | None:
    words = f"{place.host} gave no address"
    try:
        async with asyncio.timeout(step_s):
            for family, address in addresses[:_MOST_ADDRESSES]:
                try:
                    return await _one(family, address)
                except ConnectionRefusedError:
                    words = f"{place.host}:{place.port} refused the connection"
                except OSError as error:
                    words = (
                        f"no way to {place.host}:{place.port}: "
                        f"{error.strerror or type(error).__name__}"
                    )
    except TimeoutError:
        words = f"{place.host}:{place.port} did not answer within {step_s:g} s"
    way.trouble = Trouble(
        step=Step.TCP,
        sentence=words,
        fix=(
            f"Start the server, or check host and port in base_url {place.url}."
            if "refused" in words
            else "Check the network, a VPN or a firewall on the way."
        ),
    )
    return None


async def _one(family: int, address: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _encrypted(
    place: Place,
    sock: socket.socket,
    tls: ssl.SSLContext | None,
    step_s: float,
    way: Way,
) -> bool:
    try:
        async with asyncio.timeout(step_s):
            transport, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol,
                sock=sock,
                ssl=tls or ssl.create_default_context(),
                server_hostname=place.host,
                ssl_handshake_timeout=step_s,
            )
    except (OSError, TimeoutError) as error:
        sock.close()
        way.trouble = _tls_trouble(place, error)
        return False
    except BaseException:
        sock.close()
        raise
    transport.abort()
    return True


def _tls_trouble(place: Place, error: Exception) -> Trouble:
    fix = "Check base_url, the machine's clock and its certificates."
    match error:
        case ssl.SSLCertVerificationError():
            words = (
                f"the TLS certificate of {place.host} is not valid: "
                f"{error.verify_message}"
            )
            fix = (
                "Something on the way may read along (a company's proxy, a hotel's "
                "network); the key was not sent. Check base_url and the clock."
            )
        case ssl.SSLError():
            words = f"{place.host}:{place.port} does not speak TLS as it should"
            if place.host in {"localhost", "127.0.0.1", "::1"}:
                fix = (
                    "A server on this machine usually speaks plain http: see base_url."
                )
        case TimeoutError():
            words = f"{place.host} did not finish the TLS handshake in time"
        case _:
            words = f"{place.host} closed the connection inside the TLS handshake"
    return Trouble(step=Step.TLS, sentence=words, fix=fix)
