from __future__ import annotations

import errno
import socket
import ssl
from unittest import mock

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from faregate.core.faults import FaultKind
from faregate.upstream.errors import BREAKING, fault_of

SECRET = "sk-upstream-canary"
KEY = ConnectionKey("h", 1, True, True, None, None, None)
REFUSED = OSError(111, f"Connect call failed {SECRET}")
INFO = mock.Mock(real_url=URL(f"http://h/?key={SECRET}"), headers={"x": SECRET})

CONNECT, RESET = FaultKind.CONNECT, FaultKind.RESET
MALFORMED = FaultKind.MALFORMED

# What the connector and a line raise: what it is, and whether bytes may have left.
CASES: list[tuple[Exception, FaultKind, bool]] = [
    (aiohttp.ClientConnectorError(KEY, REFUSED), CONNECT, False),
    (
        aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "not known")),
        CONNECT,
        False,
    ),
    (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "bad")), CONNECT, False),
    (
        aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("expired")),
        CONNECT,
        False,
    ),
    (aiohttp.InvalidUrlClientError(SECRET), CONNECT, False),
    (aiohttp.ServerDisconnectedError(SECRET), RESET, True),
    (aiohttp.ClientPayloadError(SECRET), RESET, True),
    (aiohttp.ClientOSError(104, SECRET), RESET, True),
    (aiohttp.ClientConnectionError(SECRET), RESET, True),
    (ConnectionResetError(104, SECRET), RESET, True),
    (OSError(5, SECRET), RESET, True),
    (ssl.SSLError(1, SECRET), RESET, True),
    (ValueError(SECRET), MALFORMED, True),
    (UnicodeEncodeError("utf-8", SECRET, 0, 1, "x"), MALFORMED, True),
    # Nobody raises these; whatever else came would hold the money as they do.
    (aiohttp.ServerTimeoutError(SECRET), RESET, True),
    (aiohttp.ConnectionTimeoutError("slow"), RESET, True),
    (TimeoutError(SECRET), RESET, True),
    (aiohttp.ClientResponseError(INFO, (), message=SECRET), RESET, True),
    (aiohttp.ClientError(SECRET), RESET, True),
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
    assert not fault_of(ValueError("no HTTP"), reused=True).reused
    assert not fault_of(aiohttp.ClientPayloadError(), reused=True).reused
