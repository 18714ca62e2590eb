"""The notes of a request, as a person reads them."""

from __future__ import annotations

from typing import Any

import pytest

from faregate.control.explained_steps import steps

LIMITS = {
    "requests": 1000,
    "wall_clock": 14_400.0,
    "input_tokens": 2_000_000,
    "concurrency": 64,
    "spend_per_minute": "0.5",
    "tokens_per_minute": None,
}


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (
            {"step": "route", "route": "coder", "targets": ["a/b", "c/d"],
             "why": "ordered", "level": 0, "escalated_by": None, "complex_by": None},
            "coder: a/b, then c/d (in the order of the route)",
        ),
        (
            {"step": "route", "route": "coder", "targets": ["c/d"], "why": "escalated",
             "level": 1, "escalated_by": "tool_arguments", "complex_by": "tools"},
            "coder: c/d (from the dearer level on); 1 up, because of tool arguments; "
            "complex by its tools",
        ),
        (
            {"step": "translation", "target": "a/b", "client": "openai_chat",
             "provider": "anthropic_messages", "losses": ["cache_key", "seed"],
             "bytes_before": 10, "bytes_after": 8},
            "Chat Completions became Messages for a/b; lost: cache key, seed",
        ),
        (
            {"step": "translation", "target": "a/b", "client": "gemini",
             "provider": "openai_responses", "losses": []},
            "Gemini became Responses for a/b; lost: nothing",
        ),
        (
            {"step": "limits", "limits": LIMITS, "requests": 3, "wall_clock": 61.7,
             "input_tokens": 1500, "concurrency": 1},
            "3 of 1,000 requests, 1m01s of 4h00m since it began, 1,500 of 2,000,000 "
            "input tokens, 1 of 64 at once, $0.50 a minute",
        ),
        ({"step": "limits", "limits": {}}, "none"),
        (
            {"step": "loop", "rule": "same_call", "times": 5, "tools": ["Bash"],
             "decision": "stopped"},
            "same call, 5 times (Bash): stopped",
        ),
        (
            {"step": "attempt", "target": "a/b", "failed": "rate_limit", "status": 429,
             "then": "fallback:rate_limit", "target_next": "c/d", "wait_s": 0.25},
            "a/b failed: rate limit (status 429); c/d was asked instead after 0.25 s",
        ),
        (
            {"step": "refused", "refusal": {
                "code": "budget_exceeded", "scope": "global", "window": "month",
                "limit": "20", "spent": "19.9", "held": "0", "needed": "1"}},
            "budget exceeded, the budget monthly, $19.90 spent of $20.00, this may cost "
            "$1.00",
        ),
        (
            {"step": "approval", "rules": ["Bash(git push*)"], "decision": "denied"},
            "denied (asked because of Bash(git push*))",
        ),
        # What another version noted is listed as it is.
        ({"step": "route", "went": "there"}, "went there"),
        ({"step": "new_thing", "some_figure": 3, "none": None}, "some figure 3"),
    ],
)  # fmt: skip
def test_each_step_is_a_sentence(note: dict[str, Any], told: str) -> None:
    ((_, sentence),) = steps([note])
    assert sentence == told


def test_what_was_noted_twice_is_told_once() -> None:
    note = {"step": "translation", "target": "a/b", "client": "openai_chat",
            "provider": "gemini", "losses": [], "bytes_after": 8}  # fmt: skip
    assert len(steps([note, {**note, "bytes_after": 9}])) == 1
