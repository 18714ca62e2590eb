"""Seals survive a client of another dialect, and none is taken for another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faregate.protocols.events import Seal
from faregate.protocols.seals import MARK, enveloped, opened


@given(st.text(min_size=1))
def test_a_foreign_seal_comes_back(data: str) -> None:
    seal = Seal("gemini", data)
    text = enveloped(seal, "anthropic_messages")
    assert text.startswith(MARK)
    assert opened(text, "anthropic_messages") == seal


def test_a_dialects_own_seal_stays_as_it_is() -> None:
    seal = Seal("gemini", "abc")
    assert enveloped(seal, "gemini") == "abc"
    assert opened("abc", "gemini") == seal
    assert opened("", "gemini") is None


def test_an_envelope_without_a_seal() -> None:
    assert opened(enveloped(None, "gemini"), "gemini") is None


@pytest.mark.parametrize("text", [f"{MARK}gemini:!!!", f"{MARK}gemini", f"{MARK}"])
def test_a_broken_envelope_holds_nothing(text: str) -> None:
    assert opened(text, "openai_responses") in {None, Seal("gemini", "")}
