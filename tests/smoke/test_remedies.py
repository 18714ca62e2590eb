"""Each cause has a sentence and a fix, for each provider of the catalogue."""

from __future__ import annotations

import pytest

from faregate.providers.registry import PROVIDERS, by_name
from faregate.providers.spec import ProviderSpec
from faregate.smoke.causes import Cause
from faregate.smoke.remedies import fix_of, sentence_of

TOLD_ELSEWHERE = {Cause.KEY_ELSEWHERE}


@pytest.mark.parametrize("cause", sorted(set(Cause) - TOLD_ELSEWHERE))
def test_every_cause_has_words(cause: Cause) -> None:
    for spec in PROVIDERS:
        sentence = sentence_of(spec, cause, 400, "their words", "a-model")
        fix = fix_of(spec, cause, "a-model")
        assert sentence.startswith(spec.name)
        assert sentence.endswith(": their words")
        assert "400" in sentence
        assert fix.endswith(".")
        assert "{" not in sentence + fix


def test_a_rejected_key_names_where_it_is_and_where_to_get_one() -> None:
    spec = by_name("dashscope")
    assert spec is not None
    fix = fix_of(spec, Cause.KEY_REJECTED, "")
    assert "DASHSCOPE_API_KEY" in fix
    assert spec.signup in fix
    assert "cn, hk, intl, us" in fix


def test_a_provider_of_ones_own_without_a_variable_is_told_how_to_name_one() -> None:
    own = ProviderSpec(name="own", title="own", base_urls={})
    assert "[providers.own]" in fix_of(own, Cause.KEY_MISSING, "")


def test_no_words_end_the_sentence_early() -> None:
    own = ProviderSpec(name="own", title="own", base_urls={})
    assert sentence_of(own, Cause.OVERLOADED, 503, "no message", "") == (
        "own is overloaded (status 503)"
    )
