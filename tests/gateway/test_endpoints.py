"""Which URL and headers leave, and which come back."""

from __future__ import annotations

import pytest

from faregate.core.facts import RequestFacts, Work
from faregate.core.routing import Target
from faregate.gateway.endpoints import (
    forwarded_headers,
    forwarded_with_key,
    returned_headers,
    url_of,
    with_key,
)
from faregate.protocols.codec import RequestHead
from faregate.providers.spec import AuthScheme, ProviderSpec
from tests.gateway.gates import SPEC

CALLER = {
    "authorization": "Bearer fg-token",
    "x-api-key": "fg-token",
    "x-goog-api-key": "fg-token",
    "api-key": "fg-token",
    "host": "127.0.0.1:4747",
    "connection": "keep-alive",
    "transfer-encoding": "chunked",
    "content-length": "12",
    "content-encoding": "zstd",
    "accept-encoding": "gzip",
    "cookie": "a=b",
    "x-forwarded-for": "10.0.0.1",
    "x-faregate-session": "s",
    "content-type": "application/json",
    "anthropic-beta": "one,two",
    "user-agent": "agent/1",
    "x-claude-code-session-id": "abc",
}
KEPT = {
    "content-type": "application/json",
    "anthropic-beta": "one,two",
    "user-agent": "agent/1",
    "x-claude-code-session-id": "abc",
    "accept-encoding": "identity",
}


def facts(protocol: str, work: Work = Work.GENERATION) -> RequestFacts:
    return RequestFacts(protocol=protocol, work=work, model="m")


@pytest.mark.parametrize(
    ("protocol", "path", "query", "url"),
    [
        ("openai_chat", "/v1/chat/completions", "", "http://b/chat/completions"),
        ("openai_responses", "/v1/responses", "", "http://b/responses"),
        ("openai_completions", "/v1/completions", "", "http://b/completions"),
        (
            "anthropic_messages",
            "/v1/messages",
            "beta=true",
            "http://b/v1/messages?beta=true",
        ),
        (
            "gemini",
            "/v1beta/models/x:generateContent",
            "alt=sse",
            "http://b/v1beta/models/team%2Fm:generateContent?alt=sse",
        ),
        (
            "gemini",
            "/v1/models/x:countTokens",
            "",
            "http://b/v1/models/team%2Fm:countTokens",
        ),
    ],
)
def test_each_protocol_has_its_path(
    protocol: str, path: str, query: str, url: str
) -> None:
    head = RequestHead(method="POST", path=path, query=query)
    target = Target(provider="p", model="team/m")
    assert url_of("http://b", head, facts(protocol), target) == url


def test_counting_tokens_has_a_path_of_its_own() -> None:
    head = RequestHead(method="POST", path="/v1/messages/count_tokens")
    counted = facts("anthropic_messages", Work.TOKEN_COUNT)
    url = url_of("http://b", head, counted, Target(provider="p", model="m"))
    assert url == "http://b/v1/messages/count_tokens"


def test_a_caller_with_a_token_of_ours_gets_the_providers_key() -> None:
    sent = forwarded_with_key(CALLER, SPEC, "openai_chat", "sk-key", "http://p")
    assert sent == {**KEPT, "authorization": "Bearer sk-key"}


def test_a_caller_with_its_own_key_keeps_it() -> None:
    sent = forwarded_headers(
        CALLER | {"authorization": "Bearer sk-own"}, SPEC, "http://p"
    )
    assert sent["authorization"] == "Bearer sk-own"
    assert not any(name.startswith("x-faregate-") for name in sent)
    assert "cookie" not in sent


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        (AuthScheme.BEARER, "authorization", "Bearer sk-key"),
        (AuthScheme.X_API_KEY, "x-api-key", "sk-key"),
        (AuthScheme.X_GOOG_API_KEY, "x-goog-api-key", "sk-key"),
    ],
)
def test_a_key_goes_where_its_provider_looks_for_it(
    auth: AuthScheme, name: str, value: str
) -> None:
    spec = ProviderSpec(name="p", title="P", base_urls=SPEC.base_urls, auth=auth)
    assert with_key(
        {"authorization": "Bearer fg-x"}, spec, "openai_chat", "sk-key"
    ) == {name: value}


def test_without_a_key_no_credential_is_sent() -> None:
    assert with_key({"x-api-key": "fg-x"}, SPEC, "openai_chat", None) == {}
    spec = ProviderSpec(
        name="p", title="P", base_urls=SPEC.base_urls, auth=AuthScheme.NONE
    )
    assert with_key({"x-api-key": "fg-x"}, spec, "openai_chat", "sk-key") == {}


def test_what_belongs_to_one_hop_does_not_come_back() -> None:
    back = returned_headers(
        {
            "content-type": "application/json",
            "x-request-id": "r",
            "set-cookie": "a=b",
            "server": "x",
            "connection": "close",
            "content-encoding": "gzip",
            "access-control-allow-origin": "*",
            "strict-transport-security": "max-age=1",
            "anthropic-ratelimit-requests-remaining": "5",
        }
    )
    assert back == {
        "content-type": "application/json",
        "x-request-id": "r",
        "anthropic-ratelimit-requests-remaining": "5",
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [("1", "1"), (" 60 ", "60"), ("3600", "60"), ("9" * 40, "60"), ("-5", "60"),
     ("soon", "60"), ("Wed, 21 Oct 2065 07:28:00 GMT", "60")],
)  # fmt: skip
def test_no_agent_is_sent_to_sleep(said: str, told: str) -> None:
    assert returned_headers({"retry-after": said}) == {"retry-after": told}


def test_what_the_connection_names_does_not_come_back() -> None:
    back = returned_headers(
        {
            "content-type": "text/event-stream",
            "x-hop": "1",
            "connection": "keep-alive, X-Hop ,x-other, Content-Type",
            "x-other": "2",
            "x-request-id": "r",
        }
    )
    assert back == {"content-type": "text/event-stream", "x-request-id": "r"}
