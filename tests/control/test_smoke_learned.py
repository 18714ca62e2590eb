"""What of kept results counts, and which of several runs."""

from __future__ import annotations

import msgspec

from faregate.control.smoke_learned import capabilities_of
from faregate.control.smoke_runs import Figure, SmokeRunView
from faregate.core.capabilities import UNTESTED, Capabilities
from tests.test_smoke_history import VIEW


def run(
    day: int, learned: dict[str, Figure], protocol: str = "openai_chat"
) -> SmokeRunView:
    return msgspec.structs.replace(
        VIEW,
        run=f"r{day}",
        at=f"2026-11-{day:02}T10:40:00Z",
        target="p/m",
        protocol=protocol,
        learned=learned,
    )


def test_the_newest_that_tried_something_counts() -> None:
    known = capabilities_of(
        [
            run(9, {"bursts": True}),
            run(8, {"tools": False}, "gemini"),
            run(7, {"tools": True, "bursts": False}),
            run(6, {"tools": False, "include_usage": False}),
        ]
    )
    assert known == {
        ("p/m", "openai_chat"): Capabilities(
            tools=True, bursts=True, include_usage=False, tested_on="2026-11-07"
        ),
        ("p/m", "gemini"): Capabilities(tools=False, tested_on="2026-11-08"),
    }


def test_a_field_counts_only_where_it_bounds_the_answer() -> None:
    def field(value: Figure, kept: Figure) -> str | None:
        facts: dict[str, Figure] = {"output_field": value, "output_bound_kept": kept}
        (known,) = capabilities_of([run(1, facts)]).values()
        return known.output_field

    assert field("max_completion_tokens", kept=True) == "max_completion_tokens"
    assert field("max_completion_tokens", kept=False) is None
    assert field("temperature", kept=True) is None


def test_values_of_another_type_are_nothing() -> None:
    odd: dict[str, Figure] = {
        "tools": "no",
        "include_usage": 0,
        "bursts": None,
        "output_field": 3,
        "output_bound_kept": "no",
    }
    (known,) = capabilities_of([run(1, odd)]).values()
    assert known == Capabilities(tested_on="2026-11-01")
    assert capabilities_of([]) == {}
    assert Capabilities() == UNTESTED
