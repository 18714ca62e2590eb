"""Refusing what waits."""

from __future__ import annotations

import json

from faregate.cli.exit_codes import ExitCode
from faregate.control.approvals import ApprovalList
from tests.cli.asked_proxy import AskedProxy
from tests.cli.conftest import Cli
from tests.cli.test_approve import waits


def test_a_no_needs_no_confirmation(cli: Cli, proxy: AskedProxy) -> None:
    listed = ApprovalList(waiting=[waits("apr_a1")], decided=[])
    proxy.answers["GET /v1/approvals"] = listed
    result = cli("deny", "apr_a1", "--reason", "too dear")
    assert (result.code, result.out) == (0, "apr_a1 denied\n")
    assert json.loads(cli("deny", "a1", "--json").out)["decision"] == "denied"
    assert proxy.asked("/v1/approvals/apr_a1/deny") == [
        {"reason": "too dear", "hash": "sha-apr_a1"},
        {"hash": "sha-apr_a1"},
    ]


def test_what_the_proxy_says_is_told(cli: Cli, proxy: AskedProxy) -> None:
    listed = ApprovalList(waiting=[waits("apr_a1")], decided=[])
    proxy.answers["GET /v1/approvals"] = listed
    proxy.refuse("/v1/approvals/apr_a1/deny", 410, "expired", "nobody answered")
    result = cli("deny", "apr_a1")
    assert result.code == ExitCode.FAILED
    assert "nobody answered" in result.err
