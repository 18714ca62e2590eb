"""How each way to a provider can fail, and where a key is taken."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from faregate.core.secret import Secret
from faregate.providers.registry import by_name
from faregate.providers.spec import OPENAI_CHAT, ProviderSpec
from faregate.smoke.causes import Cause
from faregate.smoke.dialects.registry import dialect_of
from faregate.smoke.probes import reach
from faregate.smoke.reach.connecting import Step, connect
from faregate.smoke.reach.finding import finding_of
from faregate.smoke.reach.places import Place, region_of, region_places
from faregate.smoke.reach.survey import Survey, Surveyor
from faregate.smoke.verdict import Verdict
from faregate.upstream.session import HttpUpstream
from tests.smoke.probing import stage
from tests.upstream.certificates import server_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from faregate.smoke.reach.connecting import Resolve

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY = Secret("sk-very-secret-0123456789")


def spec_at(own: str, **regions: str) -> ProviderSpec:
    return ProviderSpec(
        name="vendor",
        title="Vendor",
        base_urls={OPENAI_CHAT: own},
        regions={name: {OPENAI_CHAT: url} for name, url in regions.items()},
    )


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        yield f"{server.make_url('/v1')}"


@contextlib.asynccontextmanager
async def serving_tls(context: ssl.SSLContext, handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    sock = socket.create_server(("127.0.0.1", 0))
    site = web.SockSite(runner, sock, ssl_context=context)
    await site.start()
    try:
        yield f"https://127.0.0.1:{sock.getsockname()[1]}/v1"
    finally:
        await runner.cleanup()


async def survey(
    spec: ProviderSpec,
    *,
    key: Secret | None = KEY,
    tls: ssl.SSLContext | None = None,
    resolve: Resolve | None = None,
    step_s: float = 5.0,
    answer_s: float = 5.0,
) -> Survey:
    dialect = dialect_of(OPENAI_CHAT)
    assert dialect is not None
    http = HttpUpstream()
    surveyor = Surveyor(
        http=http, tls=tls, resolve=resolve, step_s=step_s, answer_s=answer_s
    )
    try:
        return await surveyor.survey(spec, dialect, key)
    finally:
        await http.close()


async def fine(request: web.Request) -> web.Response:
    return web.json_response({"data": [{"id": "one"}]})


async def rejecting(request: web.Request) -> web.Response:
    return web.json_response(
        {"error": {"message": "bad", "code": "invalid_api_key"}}, status=401
    )


def step_of(found: Survey) -> Step | None:
    return None if found.own.trouble is None else found.own.trouble.step


async def test_a_provider_that_answers_passes_with_its_times() -> None:
    async with serving(fine) as url:
        found = await survey(spec_at(url))
    assert found.own.ok
    assert found.own.way.tcp_s is not None
    assert found.own.way.tls_s is None
    finding = finding_of(found)
    assert finding.verdict is Verdict.PASS
    assert finding.facts["status"] == 200


async def test_a_name_that_does_not_resolve_is_told() -> None:
    async def nowhere(host: str, port: int) -> list[tuple[int, Any]]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    found = await survey(spec_at("https://api.typo.example/v1"), resolve=nowhere)
    assert step_of(found) is Step.DNS
    finding = finding_of(found)
    assert finding.verdict is Verdict.FAIL
    assert "api.typo.example does not resolve" in finding.seen


async def test_a_silent_name_server_is_given_up() -> None:
    async def silent(host: str, port: int) -> list[tuple[int, Any]]:
        await asyncio.sleep(600)
        return []

    found = await survey(
        spec_at("https://api.typo.example/v1"), resolve=silent, step_s=0.1
    )
    assert step_of(found) is Step.DNS
    assert "0.1 s" in finding_of(found).seen


async def test_a_refused_connection_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = await survey(spec_at(f"http://127.0.0.1:{port}/v1"))
    assert step_of(found) is Step.TCP
    assert "refused" in finding_of(found).seen
    assert "Start the server" in finding_of(found).fix


async def test_the_next_address_is_tried() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    async with serving(fine) as url:
        place = Place(url=url)

        async def both(host: str, port: int) -> list[tuple[int, Any]]:
            return [
                (socket.AF_INET, ("127.0.0.1", closed)),
                (socket.AF_INET, ("127.0.0.1", place.port)),
            ]

        way = await connect(place, resolve=both)
    assert way.trouble is None
    assert way.tcp_s is not None


@pytest.mark.parametrize("fault", ["expired", "other name", "not trusted"])
async def test_a_bad_certificate_is_told_and_no_key_is_sent(
    tmp_path: Path, fault: str
) -> None:
    asked = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request)
        return await fine(request)

    context, trusted = server_context(
        tmp_path,
        expired=fault == "expired",
        address="127.0.0.2" if fault == "other name" else "127.0.0.1",
    )
    trust = None if fault == "not trusted" else trusted
    async with serving_tls(context, note) as url:
        found = await survey(spec_at(url), tls=ssl.create_default_context(cafile=trust))
    assert step_of(found) is Step.TLS
    assert "certificate of 127.0.0.1 is not valid" in finding_of(found).seen
    assert asked == []


async def test_a_trusted_certificate_passes(tmp_path: Path) -> None:
    context, trusted = server_context(tmp_path)
    client = ssl.create_default_context(cafile=trusted)
    with mock.patch("aiohttp.connector._SSL_CONTEXT_VERIFIED", client):
        async with serving_tls(context, fine) as url:
            found = await survey(spec_at(url), tls=client)
    assert found.own.ok, found
    assert found.own.way.tls_s is not None


async def test_the_probe_names_the_region_that_takes_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    client = ssl.create_default_context(cafile=trusted)
    with mock.patch("aiohttp.connector._SSL_CONTEXT_VERIFIED", client):
        async with (
            serving_tls(context, rejecting) as here,
            serving_tls(context, fine) as there,
            stage(
                change=lambda target: replace(
                    target, spec=spec_at(here, intl=here, cn=there)
                )
            ) as on,
        ):
            finding = await on.verdict(reach.PROBE)
    assert finding.verdict is Verdict.FAIL
    assert 'region = "cn"' in finding.fix
    assert finding.facts["cause"] == Cause.KEY_ELSEWHERE
    assert isinstance(finding.facts["tls_s"], float)


async def test_plain_http_behind_an_https_url_is_told() -> None:
    async with serving(fine) as url:
        found = await survey(spec_at(url.replace("http:", "https:")))
    assert step_of(found) is Step.TLS
    assert "does not speak TLS" in finding_of(found).seen
    assert "plain http" in finding_of(found).fix


async def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    async def nothing(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        tls = await survey(spec_at(f"https://127.0.0.1:{port}/v1"), step_s=0.2)
        plain = await survey(spec_at(f"http://127.0.0.1:{port}/v1"), answer_s=0.2)
    assert step_of(tls) is Step.TLS
    assert step_of(plain) is Step.HTTP
    assert "within 0.2 s" in finding_of(plain).seen


async def test_an_endless_answer_still_counts_as_one() -> None:
    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65536)

    async with serving(flood) as url:
        found = await survey(spec_at(url))
    assert found.own.ok


async def test_a_refused_country_is_no_rejected_key() -> None:
    async def country(request: web.Request) -> web.Response:
        text = "User location is not supported for the API use."
        return web.json_response(
            [
                {
                    "error": {
                        "code": 400,
                        "message": text,
                        "status": "FAILED_PRECONDITION",
                    }
                }
            ],
            status=400,
        )

    async with serving(country) as url:
        found = await survey(spec_at(url))
    assert found.diagnosis is not None
    assert found.diagnosis.cause is Cause.COUNTRY
    assert finding_of(found).verdict is Verdict.FAIL


async def test_a_key_of_another_region_is_found_there() -> None:
    async with serving(rejecting) as here, serving(fine) as there:
        found = await survey(spec_at(here, intl=here, cn=there))
    assert found.region == "intl"
    assert found.diagnosis is not None
    assert found.diagnosis.cause is Cause.KEY_ELSEWHERE
    finding = finding_of(found)
    assert finding.verdict is Verdict.FAIL
    assert 'region = "cn"' in finding.fix


async def test_a_key_that_no_region_takes_is_rejected() -> None:
    async with serving(rejecting) as here, serving(rejecting) as there:
        found = await survey(spec_at(here, intl=here, cn=there))
    assert found.diagnosis is not None
    assert found.diagnosis.cause is Cause.KEY_REJECTED
    assert finding_of(found).verdict is Verdict.PASS


async def test_a_key_that_works_is_sent_to_no_other_region() -> None:
    seen: list[str | None] = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers.get("authorization"))
        return await rejecting(request)

    async with serving(fine) as here, serving(other) as there:
        found = await survey(spec_at(here, intl=here, cn=there))
    assert found.diagnosis is None
    assert seen == [None]


async def test_without_a_key_none_is_looked_for_elsewhere() -> None:
    async with serving(rejecting) as here, serving(fine) as there:
        found = await survey(spec_at(here, intl=here, cn=there), key=None)
    assert found.diagnosis is not None
    assert found.diagnosis.cause is Cause.KEY_MISSING


async def test_a_region_that_cannot_be_reached_is_only_mentioned() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with serving(fine) as here:
        spec = spec_at(here, intl=here, cn=f"http://127.0.0.1:{port}/v1")
        finding = finding_of(await survey(spec))
    assert finding.verdict is Verdict.PASS
    assert "cn no TCP" in finding.seen


def test_an_address_of_ones_own_has_no_regions() -> None:
    spec = by_name("dashscope")
    assert spec is not None
    assert {p.region for p in region_places(spec, OPENAI_CHAT)} == {"cn", "us", "hk"}
    assert region_of(spec, OPENAI_CHAT) == "intl"
    dearer = replace(spec, region_multipliers={"intl": (11, 10)})
    assert region_of(dearer, OPENAI_CHAT) == ""
    moved = replace(spec, base_urls={OPENAI_CHAT: "https://gateway.example/v1"})
    assert region_places(moved, OPENAI_CHAT) == ()


@pytest.mark.parametrize(
    ("url", "port", "encrypted"),
    [
        ("https://a.example/v1", 443, True),
        ("http://127.0.0.1:8080/v1", 8080, False),
        ("http://[::1]/v1", 80, False),
    ],
)
def test_a_place_knows_where_it_is(url: str, port: int, encrypted: bool) -> None:
    place = Place(url=url)
    assert (place.port, place.encrypted) == (port, encrypted)


async def test_the_key_is_never_shown() -> None:
    async def echo(request: web.Request) -> web.Response:
        sent = request.headers.get("authorization", "")
        return web.json_response({"error": {"message": f"bad {sent}"}}, status=401)

    async with serving(echo) as url:
        found = await survey(spec_at(url))
    assert KEY.reveal() not in repr(found)
    assert KEY.reveal() not in repr(finding_of(found))
