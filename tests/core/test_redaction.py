"""No secret is left in what was captured, wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faregate.core.captured import (
    CapturedAttempt,
    CapturedBody,
    CapturedReply,
    CapturedRequest,
)
from faregate.core.redaction import (
    REDACTED,
    redact,
    redact_body,
    redact_headers,
    redact_url,
)

LOCAL = "fg-eyJzIjoieCJ9.AAAAAAAAAAAAAAAAAAAAAAAAAAA"
KEYS = st.text("abcdefXYZ0123456789-_", min_size=8, max_size=60)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", "Bearer sk-live-1234567890", f"Bearer {REDACTED}"),
        ("Authorization", "Basic dXNlcjpwYXNz", f"Basic {REDACTED}"),
        ("proxy-authorization", "whatever", REDACTED),
        ("x-api-key", "k", REDACTED),
        ("X-Goog-Api-Key", "AIzaxyz", REDACTED),
        ("api-key", "abc", REDACTED),
        ("cookie", "a=b; c=d", REDACTED),
        ("set-cookie", "__cf_bm=xyz; path=/", REDACTED),
        ("x-amz-security-token", "abc", REDACTED),
        ("x-faregate-admin", "abc", REDACTED),
        ("x-client-secret", "abc", REDACTED),
        ("user-agent", "agent/1.0", "agent/1.0"),
        ("anthropic-ratelimit-tokens-remaining", "12", "12"),
        ("x-ratelimit-remaining-tokens", "12", "12"),
        ("idempotency-key", "7", "7"),
        ("content-type", "application/json", "application/json"),
        ("x-note", f"see {LOCAL} there", f"see {REDACTED} there"),
        ("x-note", "my sk-ant-REDACTED", f"my {REDACTED}"),
        ("x-odd", "Bearer abcdefghijkl", f"Bearer {REDACTED}"),
    ],
)
def test_headers(name: str, value: str, shown: str) -> None:
    assert redact_headers([(name, value)]) == ((name, shown),)


class Odd(str):
    """A string of a kind of its own."""

    __slots__ = ()


def test_only_plain_strings_are_left() -> None:
    [(name, value)] = redact_headers([(Odd("accept"), Odd("*/*"))])
    assert (type(name), type(value)) == (str, str)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/v1beta/m:g?alt=sse&key=AIzaabc", f"/v1beta/m:g?alt=sse&key={REDACTED}"),
        ("/v1/x?api_key=1&a=2", f"/v1/x?api_key={REDACTED}&a=2"),
        ("http://h/x?access_token=1", f"http://h/x?access_token={REDACTED}"),
        ("/v1/messages?beta=true", "/v1/messages?beta=true"),
        ("/v1/messages", "/v1/messages"),
        (f"/w/{LOCAL}/v1", f"/w/{REDACTED}/v1"),
    ],
)
def test_urls(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_a_body_keeps_its_length() -> None:
    data = b'{"key": "abcdefghijkl", "x": 1}'
    body = CapturedBody(data=data, length=len(data), arrivals=((0, 1), (20, 2)))
    clean = redact_body(body, [b"abcdefghijkl"])
    assert clean.data == b'{"key": "[redacted]**", "x": 1}'
    assert clean.arrivals == body.arrivals
    assert redact_body(body, [b"another-one"]) is body


def test_a_local_token_is_masked_in_a_body() -> None:
    data = f"export KEY={LOCAL}\n".encode()
    clean = redact_body(CapturedBody(data=data, length=len(data)))
    assert b"fg-" not in clean.data
    assert len(clean.data) == len(data)


def test_the_beginning_of_a_secret_at_the_cut_is_masked() -> None:
    body = CapturedBody(data=b"the key is abcdefgh", length=100)
    assert b"abcd" not in redact_body(body, [b"abcdefghijkl"]).data


def everywhere(secret: str) -> CapturedRequest:
    """Return a request that has a secret wherever one can stand."""
    said = f"before {secret} after".encode()
    body = CapturedBody(data=said, length=len(said))
    headers = (("authorization", f"Bearer {secret}"), ("x-debug", f"k={secret}"))
    attempt = CapturedAttempt(
        target="p/m",
        attempt="a",
        method="POST",
        url=f"http://127.0.0.1/v1?key={secret}&x={secret}",
        headers=(("x-api-key", secret),),
        body=body,
        sent_ms=1,
        status=401,
        answer_headers=(("x-echo", secret), ("set-cookie", secret)),
        answer=body,
        error=f"Incorrect key: {secret}",
    )
    return CapturedRequest(
        id="req_1",
        session="s",
        root_session="s",
        workspace=None,
        protocol="openai_chat",
        received_ms=1,
        method="POST",
        path=f"/v1/chat/completions?key={secret}",
        headers=headers,
        body=body,
        attempts=(attempt,),
        reply=CapturedReply(status=401, headers=headers, body=body),
        refusal=f"it said {secret}",
    )


@settings(max_examples=80, deadline=None)
@given(KEYS)
def test_a_known_secret_is_left_nowhere(secret: str) -> None:
    assert secret not in repr(redact(everywhere(secret), [secret]))


@settings(max_examples=80, deadline=None)
@given(KEYS)
def test_what_a_client_sends_as_its_key_is_left_nowhere(secret: str) -> None:
    found = repr(redact(everywhere(secret)))
    assert secret not in found or secret in REDACTED


@settings(max_examples=60, deadline=None)
@given(st.lists(KEYS, min_size=2, max_size=4, unique=True))
def test_of_several_none_is_left(secrets: list[str]) -> None:
    request = everywhere(" ".join(secrets))
    found = repr(redact(request, secrets))
    assert not any(secret in found for secret in secrets)
