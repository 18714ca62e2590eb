"""The price file's records: what is read, what is refused, what it becomes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from faregate.core.model_facts import ModelFacts
from faregate.core.pricing import Rates
from faregate.providers.price_records import (
    PriceFileError,
    PriceRecord,
    decode,
    parse_days,
)

FULL: dict[str, Any] = {
    "provider": "p",
    "model": "m",
    "service": "priority",
    "since": "2026-11-01",
    "in": "2",
    "out": "10",
    "read": "0.1",
    "write": "2.5",
    "write_1h": "5",
    "tiers": [{"above": 272000, "in": "4", "out": "15"}],
    "windows": [{"days": "mon-fri", "utc": "01:00-04:00", "times": "1.5"}],
    "tool_fee": "10",
    "writes": True,
    "margin": "1.1",
    "context": 1000000,
    "max_out": 128000,
    "field": "max_completion_tokens",
    "aliases": ["n"],
    "by": "G=L",
}


def one(**fields: Any) -> PriceRecord:
    """Read one record out of a file of its own."""
    record = {"provider": "p", "model": "m", "in": "1", "out": "2"} | fields
    return decode(file(record)).rows[0]


def file(*rows: dict[str, Any], schema: int = 1) -> bytes:
    return json.dumps(
        {"schema": schema, "generated": "2026-11-23", "sources": {}, "rows": rows}
    ).encode()


def test_every_field_reaches_the_row() -> None:
    row = one(**FULL).row("bundled 2026-11-23")
    assert (row.provider, row.model, row.service) == ("p", "m", "priority")
    assert row.source == "bundled 2026-11-23"
    assert row.since == date(2026, 11, 1)
    assert row.base == Rates(
        input=2_000_000,
        cache_read=100_000,
        cache_write_5m=2_500_000,
        cache_write_1h=5_000_000,
        output=10_000_000,
    )
    assert [tier.above_input for tier in row.tiers] == [272000]
    assert row.tiers[0].rates.cache_read == 4_000_000
    assert row.multiplier_at(datetime(2026, 11, 23, 3, 59, tzinfo=UTC)) == (3, 2)
    assert row.multiplier_at(datetime(2026, 11, 23, 4, 0, tzinfo=UTC)) == (1, 1)
    assert row.fee_per_server_tool_call == 10_000_000_000
    assert row.writes_cache
    assert row.hold_margin == (11, 10)


def test_facts_ride_along() -> None:
    assert one(**FULL).facts() == ModelFacts(
        context=1000000, max_output=128000, output_field="max_completion_tokens"
    )
    assert one().facts() == ModelFacts()


def test_a_bare_record_takes_the_safe_values() -> None:
    row = one().row("bundled")
    assert row.base.cache_read == row.base.cache_write_1h == row.base.input
    assert (row.tiers, row.windows, row.since) == ((), (), None)
    assert row.hold_margin == (1, 1)
    assert not row.writes_cache


@pytest.mark.parametrize(
    "fields",
    [
        {"in": "3000000"},
        {"out": "0.000003"},
        {"in": "-1"},
        {"in": "three"},
        {"in": "NaN"},
        {"tiers": [{"above": 1, "in": "99999", "out": "1"}]},
        {"windows": [{"days": "mon", "utc": "04:00-01:00", "times": "2"}]},
        {"windows": [{"days": "someday", "utc": "01:00-04:00", "times": "2"}]},
        {"windows": [{"days": "mon", "utc": "01:00", "times": "2"}]},
        {"windows": [{"days": "mon", "utc": "01:00-04:00", "times": "0"}]},
        {"tool_fee": "ten"},
        {"margin": "1/0"},
    ],
)
def test_a_record_that_cannot_be_says_whose_it_is(fields: dict[str, Any]) -> None:
    with pytest.raises(PriceFileError, match="p/m: "):
        one(**fields).row("bundled")


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"\xff", file(schema=2), file({"provider": "p"})],
)
def test_a_file_that_cannot_be_used_is_refused(data: bytes) -> None:
    with pytest.raises(PriceFileError, match="price table"):
        decode(data)


def test_a_price_must_be_text_so_that_no_float_touches_it() -> None:
    with pytest.raises(PriceFileError):
        one(**{"in": 0.1})


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sat", {5}),
        ("Mon, Wed,sun", {0, 2, 6}),
        ("mon-sun", set(range(7))),
    ],
)
def test_days_are_read(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["fri-mon", "monday", ""])
def test_days_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_days(text)


def test_prices_of_sound_stand_beside_those_of_text() -> None:
    assert one().row("x").audio is None
    sound = one(read="0.1", audio_in="3").row("x").audio
    assert sound is not None
    assert (sound.input, sound.cache_read, sound.output) == (
        3_000_000,
        3_000_000,
        2_000_000,
    )
    spoken = one(audio_out="20", read="0.1").row("x").audio
    assert spoken is not None
    assert (spoken.input, spoken.cache_read, spoken.output) == (
        1_000_000,
        100_000,
        20_000_000,
    )
    cached = one(audio_in="3", audio_read="0.5").row("x").audio
    assert cached is not None
    assert cached.cache_read == 500_000
