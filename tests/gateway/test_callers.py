"""Whose requests are: found out once for the same head and names."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from faregate.core.facts import Conversation, RequestFacts, SessionHints, Work
from faregate.core.identity import Claim, Grant, Mismatch
from faregate.gateway.callers import Callers
from faregate.gateway.inbound import Inbound
from faregate.protocols.codec import RequestHead
from faregate.protocols.registry import codec_for

FOUND = codec_for("POST", "/v1/chat/completions")
assert FOUND is not None
INBOUND = Inbound(
    id="r",
    head=RequestHead(method="POST", path="/v1/chat/completions", headers={}),
    body=b"{}",
    codec=FOUND[0],
    work=FOUND[1],
    grant=Grant(),
    url=Claim(),
    labels=Claim(),
    received_ms=0,
)


def facts(opening: str = "aaaa", **hints: Any) -> RequestFacts:
    return RequestFacts(
        protocol="openai_chat",
        work=Work.GENERATION,
        model="m",
        hints=SessionHints(**hints),
        conversation=Conversation(opening=opening),
    )


def test_the_same_caller_is_the_same_object() -> None:
    callers = Callers()
    one = callers.identify(INBOUND, facts(session="x", agent="codex"))
    again = callers.identify(
        structs.replace(INBOUND, body=b"[]"), facts(session="x", agent="codex")
    )
    assert one is again


def test_each_name_counts() -> None:
    callers = Callers()
    said = (
        facts(),
        facts("bbbb"),
        facts(session="x"),
        facts(session="x", agent="codex"),
        facts(session="x", workspace="w"),
        facts(session="x", subagent="s"),
        facts(session="x", parent="p"),
    )
    expected = [Callers().identify(INBOUND, each) for each in said]
    for _ in range(2):
        assert [callers.identify(INBOUND, each) for each in said] == expected
    assert len({str(each) for each in expected}) == len(said)


def test_another_token_or_url_is_another_caller() -> None:
    callers = Callers()
    assert not isinstance(callers.identify(INBOUND, facts()), Mismatch)
    for change in (
        {"grant": Grant(session="g")},
        {"url": Claim(session="u")},
        {"labels": Claim(session="h")},
    ):
        other = structs.replace(INBOUND, **change)
        found = callers.identify(other, facts())
        assert found == Callers().identify(other, facts())
        assert not isinstance(found, Mismatch)
        assert found.session in {"g", "u", "h"}


def test_a_mismatch_is_said_each_time() -> None:
    callers = Callers()
    other = structs.replace(INBOUND, grant=Grant(session="g"), url=Claim(session="u"))
    for _ in range(2):
        assert isinstance(callers.identify(other, facts()), Mismatch)


def test_who_brings_a_key_of_its_own_is_not_kept() -> None:
    callers = Callers()
    other = structs.replace(INBOUND, grant=None)
    assert callers.identify(other, facts()) is not callers.identify(other, facts())
    assert not callers._known


def test_not_all_are_kept_for_ever() -> None:
    callers = Callers()
    for number in range(3000):
        callers.identify(INBOUND, facts(session=f"s{number}"))
    assert len(callers._known) <= 1024
