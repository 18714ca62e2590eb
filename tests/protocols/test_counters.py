"""Which numbers of a usage block are believed."""

from __future__ import annotations

import pytest

from faregate.core.money import Money
from faregate.core.usage import Usage
from faregate.protocols.counters import (
    NotBelievedError,
    cache_details,
    counter,
    decode_block,
    detail,
    larger,
    nested,
    plausible,
    split_input,
    usd,
)


def value(text: str) -> dict[str, object]:
    block = decode_block(b'{"n":' + text.encode() + b"}")
    assert block is not None
    return dict(block)


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 0), ("12", 12), ("12.0", 12), ("1e3", 1000), ("null", None)],
)
def test_counts(text: str, count: int | None) -> None:
    assert counter(value(text), "n") == count
    assert counter(value(text), "missing") is None


@pytest.mark.parametrize(
    "text",
    ['"12"', "true", "-1", "-0.5", "12.5", "1e300", "9007199254740993", "[1]", "{}"],
)
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(NotBelievedError):
        counter(value(text), "n")
    assert detail(value(text), "n") == 0


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"7", b"{", b"[" * 100_000])
def test_what_is_no_block(raw: bytes) -> None:
    assert decode_block(raw) is None


def test_nested_blocks() -> None:
    assert nested({"a": {"b": 1}}, "a") == {"b": 1}
    assert nested({"a": [1]}, "a") == {}
    assert nested({}, "a") == {}


@pytest.mark.parametrize(
    ("text", "pico"),
    [
        ("0.000123", 123_000_000),
        ("1e-12", 1),
        ("1e-13", 1),
        ("3", 3 * 10**12),
        ('"0.5"', 5 * 10**11),
    ],
)
def test_amounts(text: str, pico: int) -> None:
    assert usd(value(text)["n"]) == Money(pico)


@pytest.mark.parametrize(
    "text", ["0", "0.0", "-1", "true", '"x"', '"NaN"', "1e30", "null", "[]"]
)
def test_what_is_no_amount(text: str) -> None:
    assert usd(value(text)["n"]) is None


@pytest.mark.parametrize(
    ("total", "cached", "written", "excluded", "result"),
    [
        (100, 0, 0, False, (100, 0, 0)),
        (100, 40, 10, False, (50, 40, 10)),
        (100, 100, 0, False, (0, 100, 0)),
        (100, 40, 10, True, (100, 40, 10)),
        (100, 150, 0, False, (100, 150, 0)),
        (100, 60, 60, False, (100, 60, 60)),
    ],
)
def test_no_input_is_lost(
    total: int, cached: int, written: int, excluded: bool, result: tuple[int, int, int]
) -> None:
    split = split_input(total, cached, written, excluded=excluded)
    assert split == result
    assert sum(split) >= total


def test_the_larger_of_two_statements() -> None:
    small, big = Usage(uncached_input=1), Usage(uncached_input=1, output=1)
    assert larger(None, small) is small
    assert larger(small, None) is small
    assert larger(small, big) is larger(big, small) is big
    again = Usage(cache_read=1, output=1)
    assert larger(big, again) is again
    assert larger(None, None) is None


def test_usage_has_to_fit_what_was_seen() -> None:
    assert plausible(Usage(uncached_input=1), 0)
    assert not plausible(Usage(output=1), 0)
    assert not plausible(Usage(uncached_input=1), 1)
    assert plausible(Usage(uncached_input=1, output=1), 256)
    assert not plausible(Usage(uncached_input=1, output=1), 257)


def test_written_input_is_stated_where_there_was_any() -> None:
    assert cache_details(Usage(cache_read=3)) == {"cached_tokens": 3}
    usage = Usage(cache_read=3, cache_write_5m=2, cache_write_1h=5)
    assert cache_details(usage) == {"cached_tokens": 3, "cache_write_tokens": 7}
