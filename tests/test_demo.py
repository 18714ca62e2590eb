"""The demo through the real gate: what it books is what the provider billed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from faregate.control.client import ControlClient
from faregate.demo import play_headless, playing


def test_a_headless_play_books_what_the_provider_billed() -> None:
    played = play_headless(seed=7)
    assert played.bill == played.booked
    assert played.bill.pico > 0
    assert played.booked <= played.limit
    assert {session.agent for session in played.status.sessions} == {
        "claude-code",
        "codex",
        "opencode",
        "aider",
    }
    assert sum(run.client_retries for run in played.runs) >= 1
    # On a busy machine others may still run when the cap is reached.
    assert any(run.name == "aider" and run.stopped_by for run in played.runs)
    (looped,) = [r for r in played.runs if "goes in circles" in (r.stopped_by or "")]
    assert (looped.name, looped.turns) == ("opencode", 5)
    states = {session.id: session.state for session in played.status.sessions}
    assert states[looped.session] == "stopped"
    assert sorted(played.moved) == [
        "sim-anthropic/claude-haiku-4-5: its answer does not hold up; "
        "sim-anthropic/claude-sonnet-4-5 is asked instead",
        "sim-openai/gpt-5.1-codex: it takes no more requests just now; "
        "sim-openai/gpt-5.2-codex is asked instead",
    ]
    (decided,) = played.decided
    assert decided.startswith("claude-code: Bash ")
    assert decided.endswith('git push origin main"}: denied')
    assert all(session.requests for session in played.status.sessions)


def test_another_seed_plays_another_run_and_still_agrees() -> None:
    played = play_headless(seed=8)
    assert played.bill == played.booked


def test_a_watched_play_lives_in_a_home_of_its_own_and_leaves_nothing() -> None:
    with playing(seed=1) as paths:
        home = paths.config_dir
        assert home != Path(os.environ.get("FAREGATE_HOME", "/nowhere"))
        status = ControlClient(paths.socket).status()
        assert status.proxy is not None
        assert status.budgets[0].limit == "2"
    assert not home.exists()


def test_it_can_be_played_inside_no_running_loop() -> None:
    async def inside() -> int:
        played = await asyncio.to_thread(play_headless, 9)
        return len(played.runs)

    assert asyncio.run(inside()) == 5
