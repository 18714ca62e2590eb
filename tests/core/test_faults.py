"""A fault keeps what matters for money."""

from __future__ import annotations

from faregate.core.faults import FaultKind, UpstreamError


def test_a_fault_says_whether_anything_was_sent() -> None:
    fault = UpstreamError(FaultKind.CONNECT, "refused", sent=False)
    assert (fault.kind, fault.sent, fault.reused) == (FaultKind.CONNECT, False, False)
    assert str(fault) == fault.message == "refused"
