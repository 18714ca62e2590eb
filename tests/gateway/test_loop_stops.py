"""What is shown of a loop that was stopped: what went round, as long as it stands."""

from __future__ import annotations

import pytest

from faregate.core.refusal import Refusal
from tests.gateway.test_loop_watch import Stage, chat, stage

__all__ = ["stage"]


async def test_what_went_round_is_shown_until_it_goes_on(stage: Stage) -> None:
    answers = [await stage.send(chat(number)) for number in range(6)]
    assert isinstance(answers[-1], Refusal)
    (stop,) = stage.watch.stops()
    assert stop.calls == ('bash {"command": "make"}', "  gave: boom")
    assert (stop.rule, stop.times, stop.refused) == ("same_step", 5, 1)
    assert "bash was called 5 times in a row" in stop.what
    assert (stop.session, stop.root) == ("s", "s")
    stage.clock.pass_by(30)
    await stage.send(chat(5))
    assert (stop.refused, stop.latest_ms - stop.at_ms) == (2, 30_000)
    assert stage.watch.resume("s")
    assert stage.watch.stops() == ()


async def test_another_word_ends_what_is_shown(stage: Stage) -> None:
    for number in range(6):
        await stage.send(chat(number))
    assert len(stage.watch.stops()) == 1
    assert not isinstance(await stage.send(chat(5, more="try ninja")), Refusal)
    assert stage.watch.stops() == ()


@pytest.mark.parametrize("result", ["x" * 5000, "a\nb\tc"])
async def test_what_is_long_is_cut_and_stays_one_line(
    stage: Stage, result: str
) -> None:
    for number in range(6):
        await stage.send(chat(number, result=result))
    (stop,) = stage.watch.stops()
    assert all(len(each) <= 300 and "\n" not in each for each in stop.calls)


async def test_without_calls_the_last_words_are_shown(stage: Stage) -> None:
    body = {**chat(0), "messages": [{"role": "user", "content": "are we there yet"}]}
    answers = [await stage.send(body) for _ in range(10)]
    assert isinstance(answers[-1], Refusal)
    (stop,) = stage.watch.stops()
    assert stop.calls == ("user: are we there yet",)
