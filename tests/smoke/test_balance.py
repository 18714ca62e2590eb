"""Every documented shape of a balance, and its pitfalls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiohttp import web

from faregate.providers.registry import by_name
from faregate.providers.spec import BalanceKind
from faregate.smoke.balance.reader import _READERS, endpoint_of
from faregate.smoke.balance.values import Balance, NoBalance, Unit
from tests.smoke.told import KEY, told, told_json


def wallet(currency: str, total: str, granted: str = "0.00") -> dict[str, str]:
    return {
        "currency": currency,
        "total_balance": total,
        "granted_balance": granted,
        "topped_up_balance": total,
    }


async def balance(name: str, document: object) -> Balance:
    found = await told_json(name, document)
    assert isinstance(found, Balance), found
    return found


async def why(name: str, document: object, status: int = 200) -> str:
    found = await told_json(name, document, status)
    assert isinstance(found, NoBalance), found
    assert KEY not in found.why
    return found.why


def test_every_kind_has_a_reader() -> None:
    assert set(_READERS) == set(BalanceKind)


async def test_deepseek_tells_texts_with_two_decimals() -> None:
    found = await balance(
        "deepseek",
        {"is_available": True, "balance_infos": [wallet("USD", "110.00", "10.00")]},
    )
    assert found == Balance(
        remaining=Decimal("110.00"),
        unit=Unit.USD,
        granted=Decimal("10.00"),
        resolution=Decimal("0.01"),
    )


async def test_deepseek_with_two_currencies_never_adds_them() -> None:
    document = {
        "is_available": True,
        "balance_infos": [wallet("CNY", "50.00"), wallet("USD", "7.00")],
    }
    found = await balance("deepseek", document)
    assert (found.remaining, found.unit) == (Decimal("7.00"), Unit.USD)
    assert [(one.remaining, one.unit) for one in found.others] == [
        (Decimal("50.00"), Unit.CNY)
    ]


async def test_deepseek_pays_from_the_wallet_that_holds_something() -> None:
    document = {
        "is_available": True,
        "balance_infos": [wallet("USD", "0.00"), wallet("CNY", "50.00")],
    }
    found = await balance("deepseek", document)
    assert (found.remaining, found.unit) == (Decimal("50.00"), Unit.CNY)


async def test_deepseek_says_when_nothing_can_be_spent() -> None:
    document = {"is_available": False, "balance_infos": [wallet("USD", "0.00")]}
    found = await balance("deepseek", document)
    assert found.blocked


async def test_deepseek_with_an_unknown_currency_is_not_guessed_at() -> None:
    document = {"is_available": True, "balance_infos": [wallet("EUR", "1.00")]}
    assert "USD or CNY" in await why("deepseek", document)


async def test_moonshot_is_exact_though_it_sends_floats() -> None:
    found = await balance(
        "moonshot",
        '{"code":0,"data":{"available_balance":49.58894,"voucher_balance":46.58893,'
        '"cash_balance":3.00001},"scode":"0x0","status":true}',
    )
    assert found.remaining == Decimal("49.58894")
    assert found.granted == Decimal("46.58893")
    assert found.unit is Unit.USD
    assert not found.blocked


async def test_moonshot_below_zero_blocks() -> None:
    found = await balance(
        "moonshot",
        {"code": 0, "data": {"available_balance": -0.5, "cash_balance": -0.5}},
    )
    assert found.blocked
    assert found.remaining == Decimal("-0.5")


async def test_moonshot_with_another_code_is_no_balance() -> None:
    assert "no such" in await why("moonshot", {"code": 7, "message": "no such user"})


def test_moonshot_in_china_is_asked_there_and_counts_cny() -> None:
    spec = by_name("moonshot")
    assert spec is not None
    china = replace(spec, base_urls=spec.regions["cn"])
    endpoint = endpoint_of(china)
    assert endpoint is not None
    assert endpoint.unit == "CNY"
    assert ".moonshot.cn/" in endpoint.url


async def test_openrouter_subtracts_what_was_used() -> None:
    found = await balance(
        "openrouter", {"data": {"total_credits": 25, "total_usage": 5.0000017}}
    )
    assert found.remaining == Decimal("19.9999983")
    assert found.resolution == Decimal("0.0000001")
    assert found.stale_s == 60


async def test_openrouter_asks_for_the_key_when_the_account_is_denied() -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path.endswith("/credits"):
            return web.json_response({"error": {"code": 403}}, status=403)
        return web.json_response(
            {"data": {"limit": 10, "limit_remaining": 3.5, "usage": 6.5}}
        )

    found = await told("openrouter", answer)
    assert isinstance(found, Balance)
    assert found.remaining == Decimal("3.5")
    assert asked == ["/api/v1/credits", "/api/v1/key"]


async def test_openrouter_key_without_a_limit_is_no_balance() -> None:
    assert "no limit" in await why(
        "openrouter", {"data": {"limit": None, "limit_remaining": None, "usage": 1}}
    )


async def test_siliconflow_is_good_when_its_code_says_so() -> None:
    good = {
        "code": 20000,
        "status": True,
        "data": {
            "balance": "0.88",
            "chargeBalance": "88.00",
            "totalBalance": "88.8800",
        },
    }
    found = await balance("siliconflow", good)
    assert found.remaining == Decimal("88.88")
    assert found.granted is None
    assert found.resolution == Decimal("0.0001")
    bad = {"code": 20012, "message": "Model does not exist", "data": good["data"]}
    assert "Model does not exist" in await why("siliconflow", bad)


async def test_novita_counts_ten_thousandths() -> None:
    found = await balance(
        "novita",
        {
            "availableBalance": "1000000",
            "cashBalance": "800000",
            "creditLimit": "200000",
            "pendingCharges": "0",
            "outstandingInvoices": "0",
        },
    )
    assert found.remaining == Decimal(100)
    assert found.resolution == Decimal("0.0001")


async def test_deepinfra_owes_what_is_negative() -> None:
    found = await balance("deepinfra", {"stripe_balance": -12.34})
    assert found.remaining == Decimal("12.34")


async def test_deepinfra_key_without_billing_is_no_balance() -> None:
    assert "403" in await why("deepinfra", {"detail": "no scope"}, 403)


RESET = 1_795_000_000_000


def zai(*limits: dict[str, object]) -> dict[str, object]:
    return {"success": True, "code": 200, "data": {"level": "pro", "limits": limits}}


async def test_zai_plan_tells_percent_used_of_each_window() -> None:
    found = await balance(
        "zai",
        zai(
            {"type": "TIME_LIMIT", "unit": 5, "percentage": 99},
            {"type": "TOKENS_LIMIT", "unit": 6, "percentage": 40},
            {
                "type": "TOKENS_LIMIT",
                "unit": 3,
                "percentage": 12,
                "nextResetTime": RESET,
            },
        ),
    )
    assert (found.remaining, found.unit, found.window) == (
        Decimal(88),
        Unit.PERCENT,
        "5h",
    )
    assert found.resets_at == datetime.fromtimestamp(RESET / 1000, UTC)
    assert [(one.window, one.remaining) for one in found.others] == [
        ("week", Decimal(60))
    ]
    assert not found.blocked


async def test_zai_week_used_up_blocks() -> None:
    found = await balance(
        "zai",
        zai(
            {"type": "TOKENS_LIMIT", "unit": 3, "percentage": 0},
            {"type": "TOKENS_LIMIT", "unit": 6, "percentage": 100},
        ),
    )
    assert found.blocked


@pytest.mark.parametrize("status", [401, 200])
@pytest.mark.parametrize("wanted", [KEY, f"Bearer {KEY}"])
async def test_zai_takes_the_key_in_either_form(wanted: str, status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers["authorization"] != wanted:
            return web.json_response(
                {"success": False, "code": 401, "msg": "no token"}, status=status
            )
        return web.json_response(
            zai({"type": "TOKENS_LIMIT", "unit": 3, "percentage": 1})
        )

    found = await told("zai", answer)
    assert isinstance(found, Balance)
    assert found.remaining == 99


async def test_zai_key_without_a_plan_says_so() -> None:
    said = await why("zai", {"success": False, "msg": "no coding plan"})
    assert "no coding plan" in said
    assert "plan's key" in said


async def test_kimi_plan_counts_requests_in_texts() -> None:
    found = await balance(
        "kimi-coding",
        {
            "usage": {
                "limit": "2048",
                "used": "214",
                "remaining": "1834",
                "resetTime": "2026-11-30T00:00:00Z",
            },
            "limits": [
                {
                    "window": {"duration": 300, "timeUnit": "TIME_UNIT_MINUTE"},
                    "detail": {
                        "limit": "200",
                        "used": "139",
                        "resetTime": "2026-11-23T15:00:00Z",
                    },
                }
            ],
        },
    )
    assert (found.remaining, found.unit, found.window) == (
        Decimal(61),
        Unit.REQUESTS,
        "5h",
    )
    assert found.granted == 200
    assert found.resets_at == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert [(one.window, one.remaining) for one in found.others] == [
        ("week", Decimal(1834))
    ]


async def test_minimax_plan_tells_percent_left() -> None:
    found = await balance(
        "minimax",
        {
            "base_resp": {"status_code": 0, "status_msg": "success"},
            "model_remains": [
                {"model_name": "video", "current_interval_remaining_percent": 1},
                {
                    "model_name": "general",
                    "current_interval_remaining_percent": 97,
                    "end_time": RESET,
                    "current_weekly_remaining_percent": 80,
                    "weekly_end_time": RESET,
                },
            ],
        },
    )
    assert (found.remaining, found.unit, found.window) == (
        Decimal(97),
        Unit.PERCENT,
        "5h",
    )
    assert [(one.window, one.remaining) for one in found.others] == [
        ("week", Decimal(80))
    ]


async def test_minimax_older_usage_count_is_what_remains() -> None:
    found = await balance(
        "minimax",
        {
            "model_remains": [
                {
                    "model_name": "general",
                    "current_interval_usage_count": 1400,
                    "current_interval_total_count": 1500,
                }
            ]
        },
    )
    assert (found.remaining, found.granted, found.unit) == (
        Decimal(1400),
        Decimal(1500),
        Unit.REQUESTS,
    )


async def test_minimax_refuses_with_status_200() -> None:
    refused = {"base_resp": {"status_code": 1004, "status_msg": "login fail"}}
    assert "login fail" in await why("minimax", refused)
