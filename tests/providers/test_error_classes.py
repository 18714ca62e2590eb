"""What an error means, by its provider's rules and by what holds for all."""

from __future__ import annotations

import json

import pytest

from faregate.providers.error_classes import classify, codes_in, stated, stated_in
from faregate.providers.registry import PROVIDERS
from faregate.providers.spec import ErrorClass, ErrorRule, ProviderSpec

PLAIN = ProviderSpec(name="p", title="P", base_urls={})
SPECS = {spec.name: spec for spec in PROVIDERS}


def said(message: str, code: str = "x") -> bytes:
    return json.dumps({"error": {"message": message, "code": code}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (401, said("no"), ErrorClass.AUTH),
        (402, said("pay"), ErrorClass.QUOTA_EXHAUSTED),
        (429, said("slow down"), ErrorClass.RATE_LIMITED),
        (429, said("You exceeded your current quota"), ErrorClass.QUOTA_EXHAUSTED),
        (400, said("maximum context length is 8192"), ErrorClass.CONTEXT_OVERFLOW),
        (404, said("model foo not found"), ErrorClass.MODEL_UNKNOWN),
        (400, said("messages is missing"), ErrorClass.BAD_REQUEST),
        (500, b"<html>", ErrorClass.UPSTREAM),
        (529, b"", ErrorClass.OVERLOADED),
        (200, said("busy", "503"), ErrorClass.OVERLOADED),
    ],
)
def test_what_holds_for_all(status: int, body: bytes, means: ErrorClass) -> None:
    assert classify(PLAIN, stated_in(status, body)) is means


def test_the_providers_own_rule_goes_first() -> None:
    rule = ErrorRule(error_class=ErrorClass.QUOTA_EXHAUSTED, status=429, code="1113")
    spec = ProviderSpec(name="p", title="P", base_urls={}, error_rules=(rule,))
    assert classify(spec, stated_in(429, said("hm", "1113"))) is rule.error_class
    other = classify(spec, stated_in(429, said("hm", "1114")))
    assert other is ErrorClass.RATE_LIMITED


def test_an_error_inside_a_stream_is_judged_by_its_words() -> None:
    error = stated(200, "Overloaded", frozenset({"529"}))
    assert classify(SPECS["anthropic"], error) is ErrorClass.OVERLOADED


@pytest.mark.parametrize("body", [b"", b"[", b"[1]", b'"x"', b"[" * 5000])
def test_what_is_no_error_body_states_no_code(body: bytes) -> None:
    assert codes_in(body) == frozenset()
