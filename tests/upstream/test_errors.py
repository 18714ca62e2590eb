from __future__ import annotations

import errno
import socket
import ssl
from unittest import mock

import aiohttp
import pytest
from aiohttp import client_exceptions
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from faregate.core.faults import FaultKind
from faregate.upstream.errors import BREAKING, fault_of

SECRET = "sk-upstream-canary"
KEY = ConnectionKey("h", 1, True, True, None, None, None)
REFUSED = OSError(111, f"Connect call failed {SECRET}")
INFO = mock.Mock(real_url=URL(f"http://h/?key={SECRET}"), headers={"x": SECRET})

CONNECT, TIMEOUT, RESET = FaultKind.CONNECT, FaultKind.TIMEOUT, FaultKind.RESET
MALFORMED = FaultKind.MALFORMED

# Everything that the client may raise: what it is, and whether bytes may have left.
CASES: list[tuple[Exception, FaultKind, bool]] = [
    (aiohttp.ClientConnectorError(KEY, REFUSED), CONNECT, False),
    (
        aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "not known")),
        CONNECT,
        False,
    ),
    (aiohttp.ClientProxyConnectionError(KEY, REFUSED), CONNECT, False),
    (client_exceptions.UnixClientConnectorError("/x", KEY, REFUSED), CONNECT, False),
    (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "bad")), CONNECT, False),
    (
        aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("expired")),
        CONNECT,
        False,
    ),
    (aiohttp.ClientSSLError(KEY, ssl.SSLError(1, "bad")), CONNECT, False),
    (aiohttp.ConnectionTimeoutError("slow"), TIMEOUT, False),
    (aiohttp.InvalidURL(SECRET), CONNECT, False),
    (aiohttp.InvalidUrlClientError(SECRET), CONNECT, False),
    (aiohttp.InvalidUrlRedirectClientError(SECRET), CONNECT, False),
    (aiohttp.NonHttpUrlClientError(SECRET), CONNECT, False),
    (aiohttp.NonHttpUrlRedirectClientError(SECRET), CONNECT, False),
    (aiohttp.ServerTimeoutError(SECRET), TIMEOUT, True),
    (aiohttp.SocketTimeoutError(SECRET), TIMEOUT, True),
    (TimeoutError(SECRET), TIMEOUT, True),
    (aiohttp.ServerDisconnectedError(SECRET), RESET, True),
    (aiohttp.ServerConnectionError(SECRET), RESET, True),
    (aiohttp.ServerFingerprintMismatch(b"a", b"b", "h", 1), RESET, True),
    (aiohttp.ClientPayloadError(SECRET), RESET, True),
    (aiohttp.ClientConnectionResetError(SECRET), RESET, True),
    (aiohttp.ClientOSError(104, SECRET), RESET, True),
    (aiohttp.ClientConnectionError(SECRET), RESET, True),
    (client_exceptions.UploadAbortedError(SECRET), RESET, True),
    (aiohttp.ClientResponseError(INFO, (), message=SECRET), MALFORMED, True),
    (aiohttp.ContentTypeError(INFO, (), message=SECRET), MALFORMED, True),
    (aiohttp.TooManyRedirects(INFO, ()), MALFORMED, True),
    (aiohttp.ClientHttpProxyError(INFO, ()), MALFORMED, True),
    (aiohttp.WSServerHandshakeError(INFO, ()), MALFORMED, True),
    (client_exceptions.RedirectClientError(SECRET), RESET, True),
    (aiohttp.ClientError(SECRET), RESET, True),
    (ConnectionResetError(104, SECRET), RESET, True),
    (OSError(5, SECRET), RESET, True),
    (ssl.SSLError(1, SECRET), RESET, True),
    (ValueError(SECRET), MALFORMED, True),
    (UnicodeEncodeError("utf-8", SECRET, 0, 1, "x"), MALFORMED, True),
    (KeyError(SECRET), RESET, True),
]


@pytest.mark.parametrize(
    ("error", "kind", "sent"), CASES, ids=[type(case[0]).__name__ for case in CASES]
)
def test_each_exception_has_its_fault(
    error: Exception, kind: FaultKind, sent: bool
) -> None:
    fault = fault_of(error)
    assert (fault.kind, fault.sent, fault.reused) == (kind, sent, False)
    assert SECRET not in fault.message
    assert fault.message == str(fault)


def test_every_exception_of_the_client_is_in_the_table() -> None:
    known = {type(error) for error, _, _ in CASES}
    every = {
        found
        for found in vars(client_exceptions).values()
        if isinstance(found, type)
        and issubclass(found, aiohttp.ClientError)
        and found.__module__ == client_exceptions.__name__
    }
    assert every - known == set()


def test_what_is_caught_covers_the_table() -> None:
    uncaught = [e for e, _, _ in CASES if not isinstance(e, BREAKING)]
    assert [type(error) for error in uncaught] == [KeyError]


@pytest.mark.parametrize("reused", [True, False])
@pytest.mark.parametrize("untouched", [True, False])
def test_a_reset_is_unsent_only_on_proof(reused: bool, untouched: bool) -> None:
    for error in (aiohttp.ServerDisconnectedError(), aiohttp.ClientOSError(104, "x")):
        fault = fault_of(error, reused=reused, untouched=untouched)
        assert (fault.sent, fault.reused) == (not untouched, reused)


def test_a_lack_of_descriptors_is_this_machines_fault() -> None:
    lack = OSError(errno.EMFILE, "Too many open files")
    for error in (lack, aiohttp.ClientConnectorError(KEY, lack)):
        fault = fault_of(error, untouched=True)
        assert (fault.kind, fault.sent) == (FaultKind.LOCAL, False)


def test_an_answer_that_is_no_http_is_no_stale_connection() -> None:
    assert not fault_of(aiohttp.ClientResponseError(INFO, ()), reused=True).reused
    assert not fault_of(TimeoutError(), reused=True).reused
