"""The demo's play shows a retry and a refusal, and its bill adds up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from faregate.config.load import load
from faregate.config.paths import find_paths
from faregate.core.money import Money
from faregate.smoke.demo_script import (
    DEMO_CAP,
    PARTS,
    Director,
    demo_config,
    demo_provider,
    filler_of,
    play_demo,
)
from faregate.smoke.simulated.answer import counted
from faregate.smoke.simulated.rates import Counts
from faregate.smoke.simulated.seen import SeenRequest
from tests.smoke.gatekeeper import MESSAGE, Gatekeeper

if TYPE_CHECKING:
    from pathlib import Path

    from faregate.smoke.agents import AgentRun
    from faregate.smoke.simulated.server import SimulatedProvider


STRAIGHT = tuple(replace(part, falls=False, errs=False) for part in PARTS)
"""The play for a gate without routes, which could not go on elsewhere."""


async def play(cap: Money, seed: int = 1) -> tuple[SimulatedProvider, list[AgentRun]]:
    provider = demo_provider()
    await provider.start()
    gate = Gatekeeper(provider, cap)
    await gate.start()
    runs = await play_demo(
        base_url=gate.url,
        token_for=lambda workspace: f"fg-{workspace}",
        provider=provider,
        pace=0,
        seed=seed,
        parts=STRAIGHT,
    )
    await gate.stop()
    await provider.stop()
    assert gate.tokens == {"fg-webshop", "fg-invoices", "fg-scraper"}
    return provider, runs


async def test_four_agents_finish_and_the_last_meets_the_gate() -> None:
    provider, runs = await play(Money.usd(DEMO_CAP))
    claude, codex, opencode, stuck, aider = runs
    assert [run.name for run in runs] == [part.kind for part in PARTS]
    # Nobody looks for loops here, so the one that is stuck plays on to its end.
    assert [r.turns for r in (claude, codex, opencode, stuck)] == [12, 10, 11, 12]
    assert [run.stopped_by for run in runs] == [None, None, None, None, MESSAGE]
    assert [run.client_retries for run in runs] == [0, 0, 1, 0, 0]
    limited = [seen for seen in provider.generations if seen.status == 429]
    assert {seen.model for seen in limited} == {"qwen3-coder-plus"}
    total = provider.bill.total
    assert Money.usd(DEMO_CAP) <= total < Money.usd("2.2")
    assert 20 < aider.turns < 100


async def test_what_the_agents_saw_is_what_they_were_billed() -> None:
    provider, runs = await play(Money.usd("1"))
    for part, run in list(zip(PARTS, runs, strict=True))[:4]:
        rows = [row for row in provider.bill.rows if row.model == part.model]
        assert run.output_tokens == sum(row.output for row in rows)
        read = sum(row.input + row.cached + row.cache_write for row in rows)
        assert run.input_tokens == read
        assert provider.bill.of(run.session) == sum(
            (
                part.rates.amount(
                    Counts(
                        input=row.input,
                        cached=row.cached,
                        cache_write=row.cache_write,
                        output=row.output,
                    )
                )
                for row in rows
            ),
            Money(0),
        )


async def test_the_same_seed_gives_the_same_play() -> None:
    short = [replace(part, turns=4) for part in PARTS]
    bodies: list[list[bytes]] = []
    for seed in (5, 5, 6):
        provider = demo_provider(short)
        await provider.start()
        gate = Gatekeeper(provider, Money.usd("100"))
        await gate.start()
        await play_demo(
            base_url=gate.url,
            token_for=str,
            provider=provider,
            pace=0,
            seed=seed,
            parts=short,
        )
        await gate.stop()
        await provider.stop()
        bodies.append(sorted(seen.body for seen in provider.generations))
    assert bodies[0] == bodies[1]
    assert bodies[0] != bodies[2]


def test_the_limit_lasts_until_the_agent_itself_tries_again() -> None:
    director = Director(PARTS, seed=1, pace=0)
    stormy = next(part for part in PARTS if part.stormy)
    seen = SeenRequest(method="POST", path="/", model=stormy.model)
    seen.body = b'{"tools":[{"type":"function"}]}'
    steps = [director.step(seen) for _ in range(6)]
    faults = [step.fault is not None for step in steps if step]
    assert faults == [False, False, True, True, True, True]
    director.calm()
    after = director.step(seen)
    assert after is not None
    assert after.fault is None
    assert director.step(SeenRequest(method="POST", path="/", model="other")) is None


def test_a_part_falls_and_errs_once_and_only_with_its_first_model() -> None:
    director = Director(PARTS, seed=1, pace=0)

    def played(model: str, turns: int) -> list[str]:
        found = []
        for _ in range(turns):
            seen = SeenRequest(method="POST", path="/", model=model)
            seen.body = b'{"tools":[{"type":"function"}]}'
            step = director.step(seen)
            assert step is not None
            names = [call.name for call in step.tools]
            found.append("fault" if step.fault else ",".join(sorted(set(names))))
        return found

    codex = next(part for part in PARTS if part.falls)
    assert played(codex.model, 7).index("fault") == 4
    assert "fault" not in played(codex.spare, 7)
    claude = next(part for part in PARTS if part.errs)
    assert played(claude.model, 9).count("run_shell") == 1


def test_the_config_is_valid_and_prices_match_the_bill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = find_paths({"FAREGATE_HOME": str(tmp_path)})
    paths.config_dir.mkdir(parents=True, exist_ok=True)
    paths.config.write_text(demo_config("http://127.0.0.1:9999", 4999))
    paths.config.chmod(0o600)
    settings = load(paths)
    assert settings.server.port == 4999
    spares = [part for part in PARTS if part.spare]
    assert len(settings.price_overrides) == len(PARTS) + len(spares)
    assert [rule.name for rule in settings.routes] == ["claude-code", "codex"]
    for part in PARTS:
        spec = settings.providers[part.provider].spec
        assert set(spec.base_urls.values()) <= {
            "http://127.0.0.1:9999",
            "http://127.0.0.1:9999/v1",
        }


@pytest.mark.parametrize("tokens", [0, 1, 300])
def test_reasoning_filler_is_counted_as_wanted(tokens: int) -> None:
    assert counted(filler_of(tokens)) == tokens
