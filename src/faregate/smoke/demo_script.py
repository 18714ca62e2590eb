"""The demo's play: five scripted agents, trouble on the way, a closed gate at the end.

Owns who plays, what the simulated provider answers them and what the demo costs. The
caller composes the proxy between the two.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.smoke.agents import AgentRun, run_agent
from faregate.smoke.simulated.answer import filler
from faregate.smoke.simulated.faults import statuses
from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.rates import BillRates
from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step
from faregate.smoke.simulated.server import SimulatedProvider
from faregate.smoke.simulated.settings import SimulatorSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.smoke.simulated.seen import SeenRequest

DEMO_CAP = "2"
"""The demo's monthly cap in USD; the last agent runs into it."""
_UNTIL_REFUSED = 150
_STORM_AT = 2
_PUSH_AT = 1
_FALL_AT = 4
_ERR_AT = 6
_NO_TOOL = "run_shell"
"""A tool that no agent of the play has."""
_PUSH = "git push origin main"
_BYTES_PER_TOKEN = 4
_CHUNKS = 24
_GAP = 0.06
_FIRST_BYTE = (0.4, 1.4)
_COMMANDS = (
    "pytest -q",
    "rg -n 'TODO' src",
    "git diff --stat",
    "sed -n 1,80p src/cart.py",
    "ruff check src",
    "ls -la src",
)
_REMARKS = (
    "I will look at the failing test first.",
    "The total is rounded twice; fixing it in one place.",
    "Now the callers of that function.",
    "Running the tests again.",
    "One more test for the empty cart.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One agent of the play.

    `thinking` bounds the reasoning of an answer in tokens, `writing` its text in words;
    `prefix` goes before the agent's path, where it can send no session itself.
    """

    kind: str
    workspace: str
    provider: str
    model: str
    rates: BillRates
    turns: int
    tool: str = ""
    argument: str = "command"
    thinking: tuple[int, int] = (0, 0)
    writing: tuple[int, int] = (0, 0)
    prefix: str = ""
    stormy: bool = False
    pushes: bool = False
    """Calls its tool to push, once, which the demo's rules ask a person about."""
    spare: str = ""
    """Another model that a route goes on with: for one that is out, or that errs."""
    spare_rates: BillRates | None = None
    falls: bool = False
    """Its model meets a rate limit, once, and the gate asks the spare one instead."""
    errs: bool = False
    """Its model calls a tool that there is not, once, and the gate asks the spare."""
    loops: bool = False
    """It runs one command again and again, with one result, until it is stopped."""


PARTS: Sequence[Part] = (
    Part(
        kind="claude-code",
        workspace="webshop",
        provider="sim-anthropic",
        model="claude-haiku-4-5",
        rates=BillRates(input="1", cached="0.1", cache_write="1.25", output="5"),
        turns=12,
        tool="Bash",
        thinking=(300, 1200),
        pushes=True,
        spare="claude-sonnet-4-5",
        spare_rates=BillRates(input="3", cached="0.3", cache_write="3.75", output="15"),
        errs=True,
    ),
    Part(
        kind="codex",
        workspace="invoices",
        provider="sim-openai",
        model="gpt-5.1-codex",
        rates=BillRates(input="1.25", cached="0.125", output="10"),
        turns=10,
        tool="exec_command",
        argument="cmd",
        thinking=(200, 900),
        spare="gpt-5.2-codex",
        spare_rates=BillRates(input="1.75", cached="0.175", output="14"),
        falls=True,
    ),
    Part(
        kind="opencode",
        workspace="webshop",
        provider="sim-openai",
        model="qwen3-coder-plus",
        rates=BillRates(input="0.3", cached="0.03", output="1.5"),
        turns=11,
        tool="bash",
        writing=(80, 400),
        stormy=True,
    ),
    Part(
        kind="opencode",
        workspace="invoices",
        provider="sim-openai",
        model="qwen3-coder-flash",
        rates=BillRates(input="0.3", cached="0.03", output="1.5"),
        turns=12,
        tool="bash",
        writing=(5, 20),
        loops=True,
    ),
    Part(
        kind="aider",
        workspace="scraper",
        provider="sim-openai",
        model="gpt-5.1",
        rates=BillRates(input="1.25", cached="0.125", output="10"),
        turns=_UNTIL_REFUSED,
        writing=(2500, 4500),
        prefix="/a/aider/s/{session}",
    ),
)


def demo_provider(parts: Sequence[Part] = PARTS) -> SimulatedProvider:
    """Return the simulated provider of the demo, not started."""
    settings = SimulatorSettings(
        cache=True,
        chunks=_CHUNKS,
        on_disconnect="finish",
        models=tuple(_rates(parts)),
    )
    rates = _rates(parts)
    return SimulatedProvider(settings=settings, rates=rates)


def demo_config(provider_url: str, port: int, parts: Sequence[Part] = PARTS) -> str:
    """Return the proxy's config.toml for the demo: cap, providers and prices."""
    lines = [
        "[server]",
        f"port = {port}",
        "[budget]",
        f"monthly = {DEMO_CAP}",
        "[approvals]",
        'tools = { "@shell(git push*)" = "ask" }',
        'timeout = "30s"',
        'unattended = "wait"',
        "[loops]",
        'action = "stop"',
        "[providers.sim-anthropic]",
        'kind = "anthropic"',
        f'base_url = "{provider_url}"',
        "[providers.sim-openai]",
        'kind = "openai"',
        f'base_url = "{provider_url}/v1"',
        'protocols = ["openai_chat", "openai_responses"]',
    ]
    for part in parts:
        for model, rates in _rates([part]).items():
            lines += [f'[prices."{part.provider}/{model}"]', *_prices(rates)]
        lines += _route(part)
    return "\n".join(lines) + "\n"


async def play_demo(
    *,
    base_url: str,
    token_for: Callable[[str], str],
    provider: SimulatedProvider,
    pace: float,
    seed: int = 1,
    parts: Sequence[Part] = PARTS,
) -> list[AgentRun]:
    """Play it once and return what each agent did, in the order of `parts`.

    `token_for` gives a local token for a workspace. `pace` scales every wait: 1 can be
    watched, 0 is as fast as it goes. The same seed gives the same requests and answers.
    """
    director = Director(parts, seed=seed, pace=pace)
    provider.match(director.step)
    async with asyncio.TaskGroup() as group:
        playing = [
            group.create_task(
                run_agent(
                    part.kind,
                    base_url,
                    token_for(part.workspace),
                    part.turns,
                    part.model,
                    _dice(seed, f"agent {part.model}"),
                    pace,
                    prefix=part.prefix,
                    on_retry=director.calm if part.stormy else None,
                    stuck=part.loops,
                ),
                name=f"demo {part.kind}",
            )
            for part in parts
        ]
    return [task.result() for task in playing]


class Director:
    """Chooses what the simulated provider answers, agent by agent."""

    def __init__(self, parts: Sequence[Part], *, seed: int, pace: float) -> None:
        self._parts = {part.model: part for part in parts}
        self._parts |= {part.spare: part for part in parts if part.spare}
        self._fell = False
        self._erred = False
        self._dice = {part.model: _dice(seed, part.model) for part in parts}
        self._turns: Counter[str] = Counter()
        self._pace = pace
        self._calm = False

    def calm(self) -> None:
        """End the rate limit; an agent calls it when it tries again by itself.

        Until then every try meets the limit, so that the retry seen is the agent's own
        and not the proxy's.
        """
        self._calm = True

    def step(self, seen: SeenRequest) -> Step | None:
        """Return the answer to one request, or None for a model not in the play."""
        part = self._parts.get(seen.model)
        if part is None:
            return None
        storm = part.stormy and self._turns[part.model] == _STORM_AT
        if storm and not self._calm:
            return Step(fault=TABLE["429"])
        if self._falls_now(part, seen.model):
            return Step(fault=statuses.status(429, retry_after="30"))
        dice = self._dice[part.model]
        first_byte = dice.uniform(*_FIRST_BYTE) * self._pace
        gap = _GAP * self._pace
        if part.tool and not seen.json.get("tools"):
            return Step(text="Fix the cart total", first_byte=first_byte, gap=gap)
        if self._errs_now(part, seen.model):
            call = ToolCall(name=_NO_TOOL, arguments={part.argument: _COMMANDS[0]})
            return Step(tools=(call,), first_byte=first_byte, gap=gap)
        pushes = part.pushes and self._turns[part.model] == _PUSH_AT
        self._turns[part.model] += 1
        return Step(
            reasoning=filler_of(dice.randint(*part.thinking)),
            text=f"{dice.choice(_REMARKS)} {filler(dice.randint(*part.writing))}",
            tools=_calls(part, dice, pushes=pushes),
            first_byte=first_byte,
            gap=gap,
        )

    def _falls_now(self, part: Part, model: str) -> bool:
        due = part.falls and model == part.model and not self._fell
        self._fell = self._fell or (due and self._turns[part.model] == _FALL_AT)
        return due and self._fell

    def _errs_now(self, part: Part, model: str) -> bool:
        due = part.errs and model == part.model and not self._erred
        self._erred = self._erred or (due and self._turns[part.model] == _ERR_AT)
        return due and self._erred


def filler_of(tokens: int) -> str:
    """Return filler that the provider counts as `tokens` tokens of text."""
    return filler(tokens)[: tokens * _BYTES_PER_TOKEN].ljust(tokens * _BYTES_PER_TOKEN)


def _calls(part: Part, dice: random.Random, *, pushes: bool) -> tuple[ToolCall, ...]:
    if not part.tool:
        return ()
    commands = dice.sample(_COMMANDS, k=dice.choice((1, 1, 1, 2)))
    if pushes:
        commands = [_PUSH]
    if part.loops:
        commands = [_COMMANDS[0]]
    return tuple(
        ToolCall(name=part.tool, arguments={part.argument: command})
        for command in commands
    )


def _rates(parts: Sequence[Part]) -> dict[str, BillRates]:
    """Return the rates of every model of these parts, the spare ones too."""
    found = {part.model: part.rates for part in parts}
    found |= {p.spare: p.spare_rates for p in parts if p.spare_rates is not None}
    return found


def _route(part: Part) -> list[str]:
    """Return the route from a part's model to its spare one."""
    if not part.spare:
        return []
    lines = [
        f"[routes.{part.kind}]",
        f'models = ["{part.model}"]',
        f'targets = ["{part.provider}/{part.model}", "{part.provider}/{part.spare}"]',
    ]
    if part.errs:
        lines += [
            'escalate_on = ["unknown_tool"]',
            "validate = true",
            "back_after = 2",
            # The dearer model at the agent's own bound would not fit into this cap.
            f'[routes.{part.kind}.target."{part.provider}/{part.spare}"]',
            "max_output = 8000",
        ]
    return lines


def _prices(rates: BillRates) -> list[str]:
    lines = [f"input = {rates.input}", f"output = {rates.output}"]
    if rates.cached is not None:
        lines.append(f"cached_input = {rates.cached}")
    if rates.cache_write is not None:
        lines.append(f"cache_write = {rates.cache_write}")
    return lines


def _dice(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed} {name}")  # noqa: S311 - a play, not a secret
