"""Every form in which a provider says how long to wait."""

from __future__ import annotations

import pytest

from faregate.core.retry_after import retry_after, seconds_until

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("250ms", 0.25),
        ("1h2m3.5s", 3723.5),
        ("2d", 172_800.0),
        ("0", 0.0),
        ("12.5", 12.5),
        ("-1", None),
        ("1789999999", 0.0),
        ("Mon, 21 Sep 2026 14:13:30 GMT", 10.0),
        ("2026-09-21T16:13:30+02:00", 10.0),
        ("soon", None),
        ("", None),
        ("1x", None),
        ("5s later", None),
        ("2026-99-99T00:00:00Z", None),
    ],
)
def test_every_form_of_a_reset(text: str, seconds: float | None) -> None:
    found = seconds_until(text, now=NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_milliseconds_go_before_seconds() -> None:
    assert retry_after({"Retry-After": "9", "retry-after-ms": "1500"}, now=NOW) == 1.5
    assert retry_after({"Retry-After": "9"}, now=NOW) == 9
    assert retry_after({"retry-after-ms": "soon", "retry-after": "2"}, now=NOW) == 2
    assert retry_after({"retry-after-ms": "-1", "retry-after": "2"}, now=NOW) == 2
    assert retry_after({}, now=NOW) is None
