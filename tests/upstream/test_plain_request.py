from __future__ import annotations

import asyncio

import pytest

from faregate.core.attempts import UpstreamRequest
from faregate.core.faults import UpstreamError
from faregate.upstream.plain_request import PlainRequest, url_of
from faregate.upstream.session import HttpUpstream
from tests.upstream.raw_provider import Call, raw_provider

KEY = "sk-canary"


async def sent(
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    fresh: bool = False,
    login: str = "",
) -> Call:
    """Send one request and return how it arrived."""

    async def fine(call: Call) -> None:
        await call.answer(b"{}")

    async with raw_provider(fine) as provider:
        client = HttpUpstream()
        request = UpstreamRequest(
            url=provider.url.replace("http://", f"http://{login}") + "/v1/x",
            method=method,
            headers=headers or {},
            body=b"{}",
        )
        answer = await client.send(request, fresh=fresh)
        await answer.read(1024)
        await client.close()
    return provider.calls[0]


async def test_a_request_names_host_and_length_once() -> None:
    call = await sent({"x-a": "1"})
    lines = call.head.decode().split("\r\n")
    assert lines[0] == "POST /v1/x HTTP/1.1"
    names = [line.partition(":")[0].lower() for line in lines[1:]]
    assert sorted(names) == ["content-length", "host", "x-a"]
    assert call.body == b"{}"


async def test_a_get_has_no_body() -> None:
    call = await sent(method="GET")
    assert "content-length" not in call.headers
    assert call.body == b""


async def test_a_fresh_connection_is_for_one_request() -> None:
    assert (await sent(fresh=True)).headers["connection"] == "close"
    assert "connection" not in (await sent()).headers


async def test_a_login_in_the_url_is_sent_unless_a_key_is() -> None:
    call = await sent(login="me:word@")
    assert call.headers["authorization"] == "Basic bWU6d29yZA=="
    assert "me" not in call.headers["host"]
    call = await sent({"authorization": "Bearer k"}, login="me:word@")
    assert call.headers["authorization"] == "Bearer k"


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\0b"])
async def test_a_header_that_breaks_the_line_is_not_sent(value: str) -> None:
    with pytest.raises(UpstreamError):
        await sent({"x-a": value})


async def test_what_errors_may_tell_holds_no_secret() -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    url = url_of("https://api.test/v1?x=1")
    loop = asyncio.get_running_loop()
    request = PlainRequest("POST", url, headers, b"{}", loop)
    assert request.request_info.real_url == url
    assert KEY not in repr(request.request_info)
    assert (request.is_ssl(), request.host, request.port) == (True, "api.test", 443)


@pytest.mark.parametrize("text", ["ftp://h/", "/only/path", "http:///x"])
def test_what_cannot_be_asked_is_no_url(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be asked"):
        url_of(text)
