"""Balances that nobody can read, servers that misbehave, and keys that stay home."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from faregate.core.secret import Secret
from faregate.providers.registry import PROVIDERS, by_name
from faregate.smoke.balance.reader import read_balance
from faregate.smoke.balance.values import NoBalance
from faregate.upstream.session import HttpUpstream
from tests.smoke.told import KEY, told, told_json

if TYPE_CHECKING:
    from faregate.providers.spec import ProviderSpec


async def why(name: str, document: object, status: int = 200) -> str:
    found = await told_json(name, document, status)
    assert isinstance(found, NoBalance), found
    assert KEY not in found.why
    return found.why


NAMES = [spec.name for spec in PROVIDERS if spec.balance is not None]
ODD: list[object] = [
    "",
    "<html>sign in</html>",
    "null",
    "[]",
    "{}",
    '{"data": [], "limits": {}, "usage": 3, "code": {}}',
    '{"code": 0, "data": {"available_balance": "NaN"}}',
    '{"code": 0, "data": {"available_balance": 1e999}}',
    '{"code": 0, "data": {"available_balance": Infinity}}',
    '{"code": 0, "data": {"available_balance": true}}',
    '{"balance_infos": [{"currency": ["USD"]}, 3, {"currency": "USD"}]}',
    '{"base_resp": {"status_code": [1]}, "model_remains": [{"end_time": "x"}]}',
    '{"data": {"limits": [{"unit": [], "percentage": null}]}}',
    '{"limits": [{"window": 3, "detail": []}]}',
    '{"stripe_balance": {}, "availableBalance": []}',
    '{"data": {"total_credits": "x", "total_usage": "y"}}',
    "[" * 5000,
    '{"availableBalance": "' + "9" * 500 + '"}',
    f'{{"code": 1, "message": "bad key {KEY} \\u001b[31m"}}',
]


@pytest.mark.parametrize("name", NAMES)
async def test_no_shape_is_trouble(name: str) -> None:
    for document in ODD:
        said = await why(name, document)
        assert said
        assert "\x1b" not in said


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [301, 401, 404, 500])
async def test_no_status_is_trouble(name: str, status: int) -> None:
    said = await why(name, {"error": {"message": f"your key {KEY} is bad"}}, status)
    assert str(status) in said


async def test_a_redirect_is_not_followed() -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("/elsewhere")

    found = await told("deepseek", answer)
    assert isinstance(found, NoBalance)
    assert asked == ["/user/balance"]


async def test_a_slow_answer_is_given_up() -> None:
    gone = asyncio.Event()

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    found = await told("deepseek", drip, deadline_s=0.2)
    assert isinstance(found, NoBalance)
    assert "0.2 s" in found.why
    assert gone.is_set()


async def test_an_endless_answer_is_given_up() -> None:
    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 8192)

    found = await told("deepseek", flood)
    assert isinstance(found, NoBalance)
    assert "larger than" in found.why


async def asked_nothing(spec: ProviderSpec, key: Secret | None) -> NoBalance:
    http = HttpUpstream()
    try:
        found = await read_balance(spec, key, http)
    finally:
        await http.close()
    assert isinstance(found, NoBalance)
    return found


async def test_a_provider_that_cannot_be_reached_is_no_trouble() -> None:
    spec = by_name("deepseek")
    assert spec is not None
    assert spec.balance is not None
    here = replace(
        spec,
        base_urls={"openai_chat": "http://127.0.0.1:9"},
        balance=replace(spec.balance, url="http://127.0.0.1:9/balance"),
    )
    found = await asked_nothing(here, Secret(KEY))
    assert "refused" in found.why
    assert found.has_endpoint


async def test_nothing_is_asked_without_a_key_or_an_endpoint() -> None:
    deepseek, openai = by_name("deepseek"), by_name("openai")
    assert deepseek is not None
    assert openai is not None
    assert "no key" in (await asked_nothing(deepseek, None)).why
    assert not (await asked_nothing(openai, Secret(KEY))).has_endpoint


async def test_a_key_for_an_own_address_goes_nowhere_else() -> None:
    spec = by_name("deepseek")
    assert spec is not None
    moved = replace(spec, base_urls={"openai_chat": "https://gateway.example/v1"})
    found = await asked_nothing(moved, Secret(KEY))
    assert "base URL" in found.why
