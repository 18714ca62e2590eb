"""Why an ordinary request did not work, in words a person can act on."""

from __future__ import annotations

import pytest

from faregate.protocols.error_bodies import ErrorFound
from faregate.smoke.asking.transcript import Broke, Transcript
from faregate.smoke.no_answer import diagnosed, no_answer
from faregate.smoke.verdict import Verdict
from tests.smoke.probing import KEY, target_of

TARGET = target_of("http://127.0.0.1:9")


def answer(status: int | None, body: bytes = b"", **more: object) -> Transcript:
    return Transcript(sent={}, stream=False, status=status, body=body, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (answer(None, broke=Broke.UNREACHED, fault="refused"), "base_url"),
        (answer(200, broke=Broke.TIMEOUT, fault="no end"), "another target"),
        (answer(200, broke=Broke.TOO_LARGE, fault="too much"), "do not use"),
        (answer(200, broke=Broke.CUT, fault="cut"), "try again"),
        (answer(301), "redirects"),
        (answer(200, b"<html>"), "web page"),
        (answer(200, b"{}"), "--json"),
        (answer(401, b'{"error": {"message": "bad key"}}'), "SIM_API_KEY"),
    ],
)
def test_each_cause_has_its_fix(asked: Transcript, words: str) -> None:
    found = no_answer(TARGET, asked)
    assert found.verdict is Verdict.FAIL
    assert found.means
    assert words.casefold() in found.fix.casefold(), found


def test_the_cause_is_a_fact() -> None:
    found = no_answer(TARGET, answer(402, b'{"error": {"message": "no funds"}}'))
    assert found.facts["status"] == 402
    assert found.facts["cause"] == "wallet empty"


def test_an_error_inside_a_stream_is_understood_too() -> None:
    asked = Transcript(
        sent={}, stream=True, status=200, error=ErrorFound("Overloaded", "529")
    )
    found = diagnosed(TARGET, asked)
    assert found is not None
    assert found.cause.value == "overloaded"
    assert diagnosed(TARGET, answer(None)) is None


def test_the_key_is_never_shown() -> None:
    body = b'{"error": {"message": "the key ' + KEY.encode() + b' is wrong"}}'
    found = no_answer(TARGET, answer(401, body))
    assert KEY not in repr(found)
