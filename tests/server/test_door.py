"""Who may knock: over a socket, for what the parser does before counts as well."""

from __future__ import annotations

import json

import pytest

from tests.running import GEMINI, MODEL, RunningGate
from tests.server.wire import CHAT, Answer, connected, exchange, head, post

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = json.dumps(
    {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
).encode()
JSON = "Content-Type: application/json"
EVERY_ROUTE = [
    ("HEAD", "/"),
    ("HEAD", "/v1"),
    ("HEAD", "/w/acme/"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/x"),
    ("GET", "/v1beta/models"),
    ("POST", CHAT),
    ("POST", "/v1/responses"),
    ("POST", "/v1/messages"),
    ("POST", "/v1/messages/count_tokens"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", f"/v1beta/models/{GEMINI}:generateContent"),
    ("POST", f"/v1/models/{GEMINI}:streamGenerateContent?alt=sse"),
    ("POST", "/s/run-1/v1/messages"),
    ("GET", "/nothing"),
    ("DELETE", CHAT),
    ("OPTIONS", CHAT),
]


def auth(gate: RunningGate) -> str:
    return f"Authorization: Bearer {gate.token}"


async def ask(
    gate: RunningGate, method: str, target: str, *lines: str, host: str | None = None
) -> Answer:
    """Send a request that is right but for what the test gives it."""
    every = [*lines, auth(gate)]
    body = b""
    if method == "POST":
        body = BODY
        every += [JSON, f"Content-Length: {len(body)}"]
    data = head(gate.url, target, *every, method=method, host=host) + body
    return await exchange(gate.url, data, is_head=method == "HEAD")


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "evil.com:PORT",
        "127.0.0.1.evil.com:PORT",
        "127.0.0.1",
        "127.0.0.1:1",
        "0.0.0.0:PORT",
        "localhost.:PORT",
        "127.1:PORT",
        "2130706433:PORT",
        "[::]:PORT",
        "[::ffff:127.0.0.1]:PORT",
        "127.0.0.1:PORT/?",
        "127.0.0.1:PORT/#",
        "127.0.0.1:PORT@evil.com",
        "user@127.0.0.1:PORT",
        "127.0.0.1:PORT, evil.com",
        "\u0031\u0032\u0037.0.0.\u0661:PORT",
        "",
    ],
)
async def test_another_host_is_misdirected(gate: RunningGate, host: str) -> None:
    port = gate.url.rpartition(":")[2]
    for method, target in (("POST", CHAT), ("GET", "/v1/models")):
        answer = await ask(gate, method, target, host=host.replace("PORT", port))
        assert answer.status == 421
        assert answer.error["message"]
        assert answer.closes
    assert gate.provider.requests == []


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "LocalHost", "[::1]"])
async def test_the_names_of_this_machine_are_served(
    gate: RunningGate, name: str
) -> None:
    port = gate.url.rpartition(":")[2]
    answer = await ask(gate, "POST", CHAT, host=f"{name}:{port}")
    assert answer.status == 200


@pytest.mark.parametrize(
    "target", ["http://evil.com/v1/models", "http://HOST/v1/models"]
)
async def test_a_whole_url_as_the_target_is_refused(
    gate: RunningGate, target: str
) -> None:
    host = gate.url.removeprefix("http://")
    answer = await ask(gate, "GET", target.replace("HOST", host))
    assert answer.status == 400
    assert "no forward proxy" in answer.error["message"]


@pytest.mark.parametrize("target", ["*", "evil.com:443", "v1/models", "?x"])
async def test_a_target_that_is_no_path_is_refused(
    gate: RunningGate, target: str
) -> None:
    answer = await ask(gate, "OPTIONS" if target == "*" else "GET", target)
    assert answer.status == 400


async def test_connect_is_refused(gate: RunningGate) -> None:
    async with connected(gate.url) as wire:
        await wire.send(head(gate.url, "evil.com:443", auth(gate), method="CONNECT"))
        answer = await wire.answer()
        assert answer.status in {400, 405}
    assert gate.provider.requests == []


WEB = {
    "origin": "Origin: https://evil.example",
    "null_origin": "Origin: null",
    "own_origin": "Origin: http://127.0.0.1",
    "empty_origin": "Origin:",
    "cross_site": "Sec-Fetch-Site: cross-site",
    "same_site": "Sec-Fetch-Site: same-site",
    "same_origin": "Sec-Fetch-Site: same-origin",
    "odd_site": "Sec-Fetch-Site: ",
}


@pytest.mark.parametrize(("method", "target"), EVERY_ROUTE)
async def test_a_web_page_is_refused_on_every_route(
    gate: RunningGate, method: str, target: str
) -> None:
    for name, line in WEB.items():
        answer = await ask(gate, method, target, line)
        assert answer.status == 403, name
        assert not [n for n in answer.headers if n.startswith("access-control-")]
    assert gate.provider.requests == []


async def test_a_typed_url_is_no_web_page(gate: RunningGate) -> None:
    answer = await ask(gate, "GET", "/v1/models", "Sec-Fetch-Site: none")
    assert answer.status == 200


@pytest.mark.parametrize("target", [CHAT, "/v1/models", "/", "/nothing"])
async def test_a_preflight_gets_no_permission(gate: RunningGate, target: str) -> None:
    preflight = ("Origin: https://evil.example", "Access-Control-Request-Method: POST")
    for lines in (preflight, ()):
        answer = await ask(gate, "OPTIONS", target, *lines)
        assert answer.status == 403
        assert not [n for n in answer.headers if n.startswith("access-control-")]


@pytest.mark.parametrize(
    "kind",
    [
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Type: text/json",
        "Content-Type: application/jsonp",
        "Content-Type:",
        "X-None: 1",
    ],
)
async def test_another_content_type_is_refused(gate: RunningGate, kind: str) -> None:
    data = post(gate.url, BODY, auth(gate), kind, json_type=False)
    assert (await exchange(gate.url, data)).status == 415
    assert gate.provider.requests == []


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-8", "Application/JSON", "application/json ;"],
)
async def test_json_by_another_spelling_is_taken(gate: RunningGate, kind: str) -> None:
    data = post(gate.url, BODY, auth(gate), f"Content-Type: {kind}", json_type=False)
    assert (await exchange(gate.url, data)).status == 200


@pytest.mark.parametrize(
    "target",
    [
        "//v1/chat/completions",
        "/v1//chat/completions",
        "/v1/../v1/chat/completions",
        "/v1/./chat/completions",
        "/v1/chat/completions/..",
        "/v1/chat/%63ompletions",
        "/v1/%2e%2e/v1/chat/completions",
        "/v1%2Fchat%2Fcompletions",
        "/v1/chat/completions%00",
        "/v1/chat/completions;x=1",
        "/v1/chat/completions/",
        "/v1/Chat/Completions",
        "/V1/chat/completions",
        "/v1/chat\\completions",
        "/v1/chat/completions.",
        "/v1/models/../chat/completions",
        "/v1/realtime",
        "/v1/batches",
        "/v1/files",
        "/v1/images/generations",
        "/v1/audio/speech",
        "/api/v1/chat/completions",
        "/w/acme/../v1/chat/completions",
        "/w//v1/chat/completions",
        "/w/a%20b/v1/chat/completions",
        "/s/a/s/b/v1/chat/completions",
        "/w/acme/v1/models/",
    ],
)
async def test_no_other_spelling_of_a_path_is_served(
    gate: RunningGate, target: str
) -> None:
    for method in ("POST", "GET", "HEAD"):
        answer = await ask(gate, method, target)
        assert answer.status in {400, 404, 405}
    assert gate.provider.requests == []


async def test_a_fragment_is_no_part_of_a_target(gate: RunningGate) -> None:
    for target in (f"{CHAT}#x", f"{CHAT}?a#b"):
        assert (await ask(gate, "POST", target)).status in {400, 404}
    assert gate.provider.requests == []


@pytest.mark.parametrize(
    ("target", "base"),
    [
        ("/messages", "/v1"),
        ("/chat/completions", "/v1"),
        ("/responses?x=1", "/v1"),
        ("/s/run-1/a/codex/responses", "/s/run-1/a/codex/v1"),
        (f"/models/{GEMINI}:generateContent", "/v1"),
        ("/v1/v1/messages", ""),
        ("/w/acme/v1/v1/chat/completions", "/w/acme"),
        (f"/v1/v1beta/models/{GEMINI}:generateContent", ""),
    ],
)
async def test_a_base_url_that_is_not_quite_right_is_put_right(
    gate: RunningGate, target: str, base: str
) -> None:
    answer = await ask(gate, "POST", target)
    assert answer.status == 404
    told = answer.error["message"]
    assert f" {gate.url}{base}, as `faregate env AGENT` prints it" in told
    path = target.partition("?")[0].removeprefix("/s/run-1/a/codex")
    assert told.startswith(path.removeprefix("/w/acme") + " is not served: ")


@pytest.mark.parametrize("target", ["/nothing", "/v1/nothing", "/v1/v1/nothing"])
async def test_a_path_that_is_nowhere_near_is_told_what_there_is(
    gate: RunningGate, target: str
) -> None:
    told = (await ask(gate, "POST", target)).error["message"]
    assert told.startswith(f"{target} is not served. Faregate serves /v1/chat/")


async def test_a_list_of_models_without_its_version_is_put_right(
    gate: RunningGate,
) -> None:
    told = (await ask(gate, "GET", "/models")).error["message"]
    assert f"lacks /v1. Set it to {gate.url}/v1," in told


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_another_method_is_refused(gate: RunningGate, method: str) -> None:
    assert (await ask(gate, method, CHAT)).status == 405
    if method not in {"GET"}:
        assert (await ask(gate, method, "/v1/models")).status == 405


@pytest.mark.parametrize(
    "target", ["/", "/v1", "/v1/", "/v1beta", "/w/acme", "/s/r/a/codex/", "/a/x/v1"]
)
async def test_liveness_needs_no_credentials(gate: RunningGate, target: str) -> None:
    data = head(gate.url, target, method="HEAD")
    answer = await exchange(gate.url, data, is_head=True)
    assert answer.status == 200
    assert answer.headers["server"] == "faregate"
    data = head(gate.url, target, method="GET")
    assert (await exchange(gate.url, data)).status == 404


@pytest.mark.parametrize("target", ["/v1/responses", "/v1/realtime", "/", CHAT])
@pytest.mark.parametrize("credentials", [True, False])
async def test_a_websocket_is_told_to_use_http(
    gate: RunningGate, target: str, credentials: bool
) -> None:
    lines = [
        "Connection: keep-alive, Upgrade",
        "Upgrade: WebSocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    lines += [auth(gate)] if credentials else []
    async with connected(gate.url) as wire:
        await wire.send(head(gate.url, target, *lines, method="GET"))
        answer = await wire.answer()
        assert answer.status == 426
        assert answer.error["code"] == "upgrade_refused"
        # Codex falls back to plain requests at once, over this or another connection.
        await wire.send(post(gate.url, BODY, auth(gate)))
        assert (await wire.answer()).status == 200


async def test_an_offer_of_http_2_is_passed_over(gate: RunningGate) -> None:
    lines = (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AA",
    )
    data = post(gate.url, BODY, auth(gate), *lines)
    assert (await exchange(gate.url, data)).status == 200
    assert "upgrade" not in gate.provider.generations[0].headers


@pytest.mark.parametrize(
    "query",
    [
        "key=AIzaSyX",
        "KEY=x",
        "api_key=x",
        "api-key=x",
        "apikey=x",
        "access_token=x",
        "a=b&key=x",
        "%6bey=x",
        "k%65y=x",
        "+key=x",
        "key",
        "anything=fg-token",
        "anything=%66g-token",
    ],
)
async def test_a_key_in_the_url_is_refused(gate: RunningGate, query: str) -> None:
    for method, target in (("POST", CHAT), ("GET", "/v1beta/models")):
        answer = await ask(gate, method, f"{target}?{query}")
        assert answer.status == 401
        assert "header" in answer.error["message"]
    assert gate.provider.requests == []


async def test_other_queries_are_passed_on(gate: RunningGate) -> None:
    target = f"{CHAT}?beta=true&x=%20&monkey=1"
    assert (await ask(gate, "POST", target)).status == 200
    assert gate.provider.generations[0].path == target


@pytest.mark.parametrize("header", ["X-Title: caf\udce9", "X-Title: a\x7fb"])
async def test_a_header_that_cannot_be_sent_on_is_refused(
    gate: RunningGate, header: str
) -> None:
    answer = await ask(gate, "POST", CHAT, header)
    assert answer.status == 400
    assert gate.provider.requests == []


async def test_a_header_in_another_language_is_passed_on(gate: RunningGate) -> None:
    answer = await ask(gate, "POST", CHAT, "X-Title: caf\u00e9 \u4e2d\u00a0x\ty")
    assert answer.status == 200
    assert (
        gate.provider.generations[0].headers["x-title"] == "caf\u00e9 \u4e2d\u00a0x\ty"
    )
