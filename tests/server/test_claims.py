from __future__ import annotations

import pytest

from faregate.core.identity import Claim
from faregate.core.labels import Labels
from faregate.core.refusal import Refusal, RefusalCode
from faregate.server.claims import claim_of_headers, claim_of_path


@pytest.mark.parametrize(
    ("path", "claim", "rest"),
    [
        ("/v1/messages", Claim(), "/v1/messages"),
        ("/w/acme/v1/x", Claim(labels=Labels(workspace="acme")), "/v1/x"),
        ("/s/run-1/v1/x", Claim(session="run-1"), "/v1/x"),
        ("/a/codex/v1/x", Claim(labels=Labels(agent="codex")), "/v1/x"),
        (
            "/s/r/a/codex/w/acme/v1/x",
            Claim(session="r", labels=Labels(workspace="acme", agent="codex")),
            "/v1/x",
        ),
        ("/w/acme", Claim(labels=Labels(workspace="acme")), ""),
        ("/w/acme/", Claim(labels=Labels(workspace="acme")), "/"),
        ("/w/a.b_c@d:e+f-g/v1", Claim(labels=Labels(workspace="a.b_c@d:e+f-g")), "/v1"),
        ("/x/acme/v1", Claim(), "/x/acme/v1"),
        ("/", Claim(), "/"),
        ("", Claim(), ""),
    ],
)
def test_prefixes_are_split_off(path: str, claim: Claim, rest: str) -> None:
    assert claim_of_path(path) == (claim, rest)


@pytest.mark.parametrize(
    "path",
    [
        "/w//v1/messages",
        "/w/../v1/messages",
        "/w/-acme/v1/messages",
        "/w/a b/v1/messages",
        "/w/caf\u00e9/v1/messages",
        "/s/" + "x" * 129 + "/v1/messages",
        "/s/a/s/b/v1/messages",
        "/w/a/w/a/v1/messages",
    ],
)
def test_a_prefix_that_names_nothing_valid_is_none(path: str) -> None:
    assert claim_of_path(path) == (None, path)


def test_headers_claim_a_session_and_labels() -> None:
    names = ("workspace", "agent", "user", "task", "customer", "feature")
    headers = {f"x-faregate-{name}": f"{name}-1" for name in (*names, "session")}
    assert claim_of_headers({"x-other": "1", **headers}) == Claim(
        session="session-1", labels=Labels(**{name: f"{name}-1" for name in names})
    )
    assert claim_of_headers({}) == Claim()


@pytest.mark.parametrize("value", ["", " ", "a b", "-a", "\x1b[2J", "a" * 129, "é"])
def test_a_header_that_is_no_name_is_refused(value: str) -> None:
    refused = claim_of_headers({"x-faregate-task": value})
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.BAD_REQUEST
    assert refused.param == "x-faregate-task"
