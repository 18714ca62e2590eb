"""From exceptions of a connection to faults, the most specific first.

The HTTP client's connector raises some, a line the others; what neither raises counts
as sent, which holds the money.
The question that matters for money is whether a request byte can have arrived.
"""

from __future__ import annotations

import errno

import aiohttp

from faregate.core.faults import FaultKind, UpstreamError

_NOT_SENT: tuple[tuple[type[Exception], FaultKind, str], ...] = (
    (
        aiohttp.ClientConnectorCertificateError,
        FaultKind.CONNECT,
        "its TLS certificate is not valid",
    ),
    (aiohttp.ClientConnectorSSLError, FaultKind.CONNECT, "TLS failed"),
    (aiohttp.ClientConnectorDNSError, FaultKind.CONNECT, "its name does not resolve"),
    (aiohttp.ClientConnectorError, FaultKind.CONNECT, "connection refused or no route"),
    (aiohttp.InvalidURL, FaultKind.CONNECT, "its base_url is not a valid URL"),
)
_SENT: tuple[tuple[type[Exception], FaultKind, str], ...] = (
    (
        aiohttp.ServerDisconnectedError,
        FaultKind.RESET,
        "the connection closed before an answer came",
    ),
    (
        aiohttp.ClientPayloadError,
        FaultKind.RESET,
        "the connection broke inside the answer",
    ),
    (aiohttp.ClientOSError, FaultKind.RESET, "the connection was reset"),
    (aiohttp.ClientError, FaultKind.RESET, "the connection failed"),
    (OSError, FaultKind.RESET, "the connection failed"),
    (ValueError, FaultKind.MALFORMED, "its answer is not valid HTTP"),
)
BREAKING = (aiohttp.ClientError, OSError, ValueError)
"""Everything that is raised for a request or an answer that broke."""

_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})
_STALE = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
"""How a pooled connection fails that the other side had closed."""


def fault_of(
    error: Exception, *, reused: bool = False, untouched: bool = False
) -> UpstreamError:
    """Return the fault for an exception of a connection; never names a secret.

    `reused` says that its connection had served before, `untouched` that the
    provider provably took no byte.
    """
    if isinstance(error, OSError) and error.errno in _NO_DESCRIPTOR:
        words = "this proxy has too many files open to connect"
        return UpstreamError(FaultKind.LOCAL, words, sent=not untouched)
    for kind, fault, words in _NOT_SENT:
        if isinstance(error, kind):
            return UpstreamError(fault, words, sent=False)
    stale = reused and isinstance(error, _STALE)
    for kind, fault, words in _SENT:
        if isinstance(error, kind):
            return UpstreamError(fault, words, sent=not untouched, reused=stale)
    words = f"the request failed ({type(error).__name__})"
    return UpstreamError(FaultKind.RESET, words, sent=not untouched)
