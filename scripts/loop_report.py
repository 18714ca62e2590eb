"""Print how well loops are found: precision and recall over recorded transcripts.

Replays each transcript turn by turn, as the gate sees it, and notes at which turn the
detector would have stopped it. `tuning` shaped the rules, `held_out` did not.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faregate.core.loops.closer import look_closer
from faregate.core.loops.finding import LoopSettings
from faregate.core.loops.glance import glance_of
from faregate.core.loops.history import History
from faregate.core.loops.memory import TurnMemory
from faregate.core.loops.registry import find_loop, may_loop
from faregate.core.loops.turns import turn_of
from faregate.core.transcript import Said, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faregate.core.loops.finding import Loop
    from faregate.core.transcript import Item, Transcript

CORPUS = Path(__file__).parents[1] / "tests" / "loops" / "corpus"
HALVES = ("tuning", "held_out", "held_out_2", "held_out_3")
WITHIN = 5
"""Rounds of a loop in which it has to be stopped."""
_Z = 1.959964  # 95 % of a normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One transcript and what is known of it."""

    name: str
    is_loop: bool
    agent: str
    source: str
    start: int
    """Work turns before the loop; 0 for honest work."""
    period: int
    transcript: Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the detector says of one transcript, the first time it says anything."""

    case: Case
    loop: Loop | None
    rounds: float
    """How often the loop went round before it was stopped; 0 when it was not."""

    @property
    def is_false(self) -> bool:
        """Tell whether honest work was stopped, before a loop or without one."""
        return self.loop is not None and (not self.case.is_loop or self.rounds <= 0)

    @property
    def is_in_time(self) -> bool:
        """Tell whether a loop was stopped within the rounds it may have."""
        return self.case.is_loop and 0 < self.rounds <= WITHIN


def read_corpus(half: str, folder: Path = CORPUS) -> list[Case]:
    """Return the transcripts of one half."""
    return [_read(path) for path in sorted((folder / half).glob("*.jsonl"))]


def judge(case: Case, settings: LoopSettings) -> Verdict:
    """Replay a transcript and return the first verdict on it."""
    memory, done, count = TurnMemory(), 0, 0
    for items in turns_in(case.transcript):
        count += len(items)
        glances = [glance_of((item,)) for item in items]
        memory.take(tuple(range(count)), glances, 0.0)
        turn = turn_of(items)
        # What an agent says for a start, before its first call, is no turn of its work.
        done += bool(turn.steps or (turn.words and case.source == "scripted"))
        loop = _found(memory, case.transcript, settings.repeats)
        if loop is not None:
            rounds = (done - case.start) / case.period
            return Verdict(case=case, loop=loop, rounds=rounds)
    return Verdict(case=case, loop=None, rounds=0.0)


def turns_in(transcript: Transcript) -> list[list[Item]]:
    """Return the items of each turn."""
    turns: list[list[Item]] = []
    answered = True
    for item in transcript:
        glance = glance_of((item,))
        if not turns or (answered and glance.speaks):
            turns.append([])
            answered = False
        turns[-1].append(item)
        answered = answered or glance.answers
    return turns


def _found(memory: TurnMemory, said: Transcript, repeats: int) -> Loop | None:
    """Return the loop that the latest turn closes, as the gate finds it."""
    last = memory.last
    if last is None or not may_loop(last, repeats):
        return None
    history = History(memory.since(0.0), lambda part: [said[part]])
    seen = look_closer(last, history, repeats)
    last.retried, last.failing = seen.retried, seen.failing
    loop = find_loop(history, seen, repeats)
    history.keep()
    return loop


def interval(good: int, total: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share."""
    if not total:
        return 0.0, 1.0
    share = good / total
    spread = _Z * sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    middle, size = share + _Z**2 / (2 * total), 1 + _Z**2 / total
    return max(0.0, (middle - spread) / size), min(1.0, (middle + spread) / size)


def report(half: str, verdicts: Sequence[Verdict]) -> str:
    """Return the figures of one half as a table."""
    loops = [v for v in verdicts if v.case.is_loop]
    honest = [v for v in verdicts if not v.case.is_loop]
    stops = [v for v in verdicts if v.loop is not None]
    wrong = [v for v in verdicts if v.is_false]
    in_time = sum(v.is_in_time for v in loops)
    ever = sum(v.loop is not None and not v.is_false for v in loops)
    recorded = sum(v.case.source == "recorded" for v in verdicts)
    lines = [
        f"## {half}: {len(honest)} honest, {len(loops)} looping; {recorded} recorded",
        "",
        "| figure | share | n | 95 % |",
        "|---|---|---|---|",
        _row("honest work not stopped", len(honest) - _within(wrong, honest), honest),
        _row("precision: stops that were loops", len(stops) - len(wrong), stops),
        _row(f"recall: loops stopped within {WITHIN} rounds", in_time, loops),
        _row("loops stopped at all", ever, loops),
        "",
        "| rule | loops stopped | false stops | median rounds |",
        "|---|---|---|---|",
        *_by_rule(stops),
        *(f"\nfalse stop: {_told(v)}" for v in wrong),
        *(f"\nnot in time: {_told(v)}" for v in loops if not v.is_in_time),
    ]
    return "\n".join(lines)


def _within(some: Iterable[Verdict], others: Sequence[Verdict]) -> int:
    return sum(verdict in others for verdict in some)


def _row(name: str, good: int, of: Sequence[Verdict]) -> str:
    low, high = interval(good, len(of))
    share = good / len(of) if of else 1.0
    return f"| {name} | {share:.1%} | {good}/{len(of)} | {low:.1%} to {high:.1%} |"


def _by_rule(stops: Sequence[Verdict]) -> list[str]:
    good = Counter(v.loop.rule for v in stops if v.loop and not v.is_false)
    bad = Counter(v.loop.rule for v in stops if v.loop and v.is_false)
    rows = []
    for rule in sorted(good | bad):
        rounds = sorted(
            v.rounds for v in stops if v.loop and v.loop.rule is rule and not v.is_false
        )
        middle = f"{rounds[len(rounds) // 2]:.1f}" if rounds else "-"
        rows.append(f"| {rule} | {good[rule]} | {bad[rule]} | {middle} |")
    return rows


def _told(verdict: Verdict) -> str:
    loop = verdict.loop
    why = "never" if loop is None else f"{loop.rule} x{loop.times}"
    return f"{verdict.case.name} ({why}, {verdict.rounds:.1f} rounds)"


def _read(path: Path) -> Case:
    head, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    loop = head["loop"] or {"start": 0, "period": 1}
    return Case(
        name=path.stem,
        is_loop=head["kind"] == "loop",
        agent=head["agent"],
        source=head["source"],
        start=loop["start"],
        period=loop["period"],
        transcript=tuple(map(_item, lines)),
    )


def _item(line: dict[str, Any]) -> Item:
    if "said" in line:
        return Said(role=line["said"], text=line["text"])
    if "call" in line:
        return ToolCall(id=line["id"], name=line["call"], arguments=line["arguments"])
    return ToolResult(
        call_id=line["result"],
        text=line["text"],
        is_error=line.get("is_error", False),
    )


def main() -> None:
    """Print the report of the halves that are asked for, both by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("half", nargs="*", choices=[*HALVES, []], default=[])
    parser.add_argument("--repeats", type=int, default=LoopSettings().repeats)
    options = parser.parse_args()
    settings = LoopSettings(repeats=options.repeats)
    for half in options.half or HALVES:
        verdicts = [judge(case, settings) for case in read_corpus(half)]
        print(report(half, verdicts), end="\n\n")


if __name__ == "__main__":
    main()
