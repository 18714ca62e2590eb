"""Findings carry what a person needs."""

from __future__ import annotations

from faregate.smoke.verdict import (
    Verdict,
    failed,
    passed,
    skipped,
    unsupported,
    warned,
)


def test_each_maker_has_its_verdict() -> None:
    assert passed("x", n=1).facts == {"n": 1}
    assert [
        passed("x").verdict,
        warned("x", "m", "f").verdict,
        failed("x", "m", "f").verdict,
        unsupported("x").verdict,
        skipped("x").verdict,
    ] == list(Verdict)


def test_what_is_wrong_says_what_it_means_and_a_fix() -> None:
    for made in (warned("s", "m", "f"), failed("s", "m", "f")):
        assert (made.seen, made.means, made.fix) == ("s", "m", "f")
