"""What codecs raise keeps what a caller needs to be told."""

from __future__ import annotations

from faregate.protocols.codec import BadRequestError


def test_a_bad_request_names_its_field() -> None:
    error = BadRequestError("max_tokens is below zero", "max_tokens")
    assert (error.message, error.param) == ("max_tokens is below zero", "max_tokens")
    assert str(error) == "max_tokens is below zero"


def test_a_bad_body_has_no_field_to_name() -> None:
    assert BadRequestError("no JSON").param is None
