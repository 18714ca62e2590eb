from __future__ import annotations

import asyncio

import pytest

from faregate.core.attempts import UpstreamRequest
from faregate.core.faults import UpstreamError
from faregate.upstream.destination import Dial, destination_of
from faregate.upstream.session import HttpUpstream
from tests.upstream.raw_provider import Call, raw_provider


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


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b", "\udcff"])
async def test_a_header_that_breaks_the_line_is_not_sent(value: str) -> None:
    for headers in ({"x-a": value}, {f"x-a: 1{value}": "b"}):
        with pytest.raises(UpstreamError) as caught:
            await sent(headers)
        assert not caught.value.sent


async def test_what_errors_may_tell_holds_no_secret() -> None:
    url = destination_of("https://api.test/v1?x=1").url
    dial = Dial(url, asyncio.get_running_loop())
    assert dial.request_info.real_url == url
    assert not dial.request_info.headers
    assert (dial.is_ssl(), dial.host, dial.port) == (True, "api.test", 443)


def test_paths_of_one_server_share_its_connections() -> None:
    origins = {
        destination_of(f"https://api.test/{path}").origin for path in ("a", "b?c")
    }
    assert origins == {("https", "api.test", 443)}
    assert destination_of("http://api.test/").origin not in origins


@pytest.mark.parametrize("text", ["ftp://h/", "/only/path", "http:///x"])
def test_what_cannot_be_asked_is_no_url(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be asked"):
        destination_of(text)
