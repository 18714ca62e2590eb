"""The closing line of a run."""

from __future__ import annotations

from faregate.cli.receipt import of_session, receipt
from tests.control import scenes


def test_a_run_with_sub_agents_is_summed() -> None:
    status = scenes.snapshot(
        sessions=[
            scenes.session("s1", cost="0.40", requests=10, retries=1, client_retries=1,
                           input_tokens=12_000, output_tokens=500),
            scenes.session("s1/sub", cost="0.0125", requests=1, retries=0,
                           input_tokens=345, output_tokens=178),
            scenes.session("s10", cost="9"),
        ]
    ).status  # fmt: skip
    sessions = of_session(status, "s1")
    assert [each.id for each in sessions] == ["s1", "s1/sub"]
    assert receipt(sessions, "s1", 41.9) == (
        "s1: $0.41 · 11 requests · 2 retries (1 by the agent) · 12.3k in · 678 out · "
        "41s · not judged"
    )


def test_what_is_not_certain_is_marked() -> None:
    session = scenes.session("s", cost="1", cost_source="estimated", requests=1,
                             retries=1, unknown="1.60", refusals=2, unpriced=1)  # fmt: skip
    line = receipt([session], "s", 1)
    assert line.startswith("s: ~$1.00 · 3 requests (2 refused) · 1 retry · ")
    assert line.endswith(
        " · 1 without a price · $1.60 unknown: see faregate holds · not judged"
    )


def test_what_still_runs_is_told_with_the_most_that_it_may_cost() -> None:
    sessions = [
        scenes.session("s", cost="0.11", requests=2, held="1.5", unknown="0"),
        scenes.session("s/sub", cost="0", requests=0, held="0.11", unknown="0"),
    ]
    assert "still running: up to $1.61 more" in receipt(sessions, "s", 1)
    quiet = scenes.session("s", cost="0.11", requests=2, held="0", unknown="0")
    assert "still running" not in receipt([quiet], "s", 1)


def test_a_run_without_a_request_may_have_gone_around() -> None:
    assert "went around it" in receipt([], "s", 1)
    assert "went around it" in receipt([scenes.session("s", requests=0)], "s", 1)


def test_a_run_that_was_only_refused_is_not_said_to_have_gone_around() -> None:
    told = receipt([scenes.session("s", requests=0, refusals=2)], "s", 3.0)
    assert "2 requests (2 refused)" in told
    assert "went around" not in told
