"""Answers that come as fast as they can leave room for everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast
from unittest import mock

import pytest

from faregate.upstream.line import MOST_WAITING, Line
from faregate.upstream.turns import AT_ONCE, PER_TURN, Turns

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
MANY = 20
ONE_READ = 256 * 1024


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Other:
    """Work that takes a loop turn after another, as other requests do."""

    def __init__(self, got: list[tuple[int, int]]) -> None:
        self._got = got
        self.between: list[int] = []
        """Bytes that were handed on between two of its turns."""
        self._seen = 0
        self._loop = asyncio.get_running_loop()
        self.on = True

    def step(self) -> None:
        handed = sum(size for _, size in self._got)
        self.between.append(handed - self._seen)
        self._seen = handed
        if self.on:
            self._loop.call_soon(self.step)


def a_line(turns: Turns) -> Line:
    line = Line(asyncio.get_running_loop(), turns)
    transport = mock.create_autospec(asyncio.Transport, instance=True)
    transport.get_extra_info.return_value = None
    transport.is_closing.return_value = False
    transport.get_write_buffer_size.return_value = 0
    line.connection_made(cast("asyncio.Transport", transport))
    line.send([b"GET / HTTP/1.1\r\n\r\n"])
    line.data_received(HEAD)
    return line


async def pours(*, waits: bool) -> tuple[list[tuple[int, int]], list[int]]:
    """Pour many answers that came at once; return who was given what, and in between."""
    got: list[tuple[int, int]] = []
    turns = Turns(asyncio.get_running_loop())
    lines = [a_line(turns) for _ in range(MANY)]

    async def nothing() -> None:
        return

    def into(number: int, data: bytes) -> Callable[[], Awaitable[None]] | None:
        got.append((number, len(data)))
        return nothing if waits else None

    pouring = [
        asyncio.create_task(line.pour(partial(into, number)))
        for number, line in enumerate(lines)
    ]
    await asyncio.sleep(0)
    other = Other(got)
    other.step()
    for line in lines:
        line.data_received(chunk(bytes(ONE_READ)) + END)
    await asyncio.gather(*pouring)
    other.on = False
    return got, other.between


@pytest.mark.parametrize("waits", [False, True])
async def test_a_burst_of_answers_leaves_others_their_turn(*, waits: bool) -> None:
    got, between = await pours(waits=waits)
    assert sum(size for _, size in got) == MANY * ONE_READ
    assert max(between) <= PER_TURN + AT_ONCE
    assert max(size for _, size in got) <= AT_ONCE


@pytest.mark.parametrize("waits", [False, True])
async def test_each_of_many_answers_has_its_part(*, waits: bool) -> None:
    got, _ = await pours(waits=waits)
    given = [0] * MANY
    ahead = 0
    for number, size in got:
        given[number] += size
        if min(given) < ONE_READ // 2:
            ahead = max(ahead, max(given) - min(given))
    assert given == [ONE_READ] * MANY
    assert ahead <= 2 * AT_ONCE + PER_TURN


async def test_an_answer_that_breaks_while_it_waits_is_handed_on_to_there() -> None:
    turns = Turns(asyncio.get_running_loop())
    got: list[bytes] = []
    line = a_line(turns)
    pouring = asyncio.create_task(line.pour(got.append))
    await asyncio.sleep(0)
    assert turns.take(PER_TURN)
    line.data_received(chunk(b"a" * AT_ONCE) + chunk(b"last"))
    assert not got
    line.connection_lost(ConnectionResetError())
    with pytest.raises(Exception, match="not complete"):
        await pouring
    assert b"".join(got) == b"a" * AT_ONCE + b"last"


async def test_what_waits_for_its_turn_holds_the_provider_back() -> None:
    turns = Turns(asyncio.get_running_loop())
    got: list[bytes] = []
    line = a_line(turns)
    pouring = asyncio.create_task(line.pour(got.append))
    await asyncio.sleep(0)
    line.data_received(chunk(b"a"))
    await asyncio.sleep(0)
    assert got == [b"a"]
    assert turns.take(PER_TURN)
    transport = cast("mock.Mock", line.transport)
    assert not transport.pause_reading.called
    line.data_received(chunk(bytes(MOST_WAITING)))
    assert transport.pause_reading.called
    assert not transport.resume_reading.called
    # It was read before it was held back.
    line.data_received(chunk(b"x") + END)
    await pouring
    assert transport.resume_reading.called
    assert sum(map(len, got)) == MOST_WAITING + 2


async def test_turns_are_given_in_the_order_of_asking() -> None:
    turns = Turns(asyncio.get_running_loop())
    order: list[int] = []
    assert turns.take(PER_TURN)
    assert not turns.take(1)
    for number in range(6):
        turns.wait(partial(order.append, number), PER_TURN // 2)
    # Who comes now is behind them.
    assert not turns.take(1)
    for expected in (2, 4, 6):
        await asyncio.sleep(0)
        assert order == list(range(expected))
    await turns.turn(1)
    assert turns.take(1)


async def test_who_gives_up_waiting_takes_nobody_elses_turn() -> None:
    turns = Turns(asyncio.get_running_loop())
    assert turns.take(PER_TURN)
    gone = asyncio.create_task(turns.turn(1))
    stays = asyncio.create_task(turns.turn(1))
    await asyncio.sleep(0)
    gone.cancel()
    await stays
    assert gone.cancelled()


async def test_a_body_that_is_here_is_taken_at_once() -> None:
    line = a_line(Turns(asyncio.get_running_loop()))
    line.data_received(chunk(b"all"))
    assert line.arrived() is None
    line.data_received(chunk(b" of it") + END)
    assert line.arrived() == b"all of it"
    assert line.reusable


async def test_a_body_that_is_here_waits_for_its_turn() -> None:
    turns = Turns(asyncio.get_running_loop())
    line = a_line(turns)
    assert turns.take(PER_TURN)
    line.data_received(chunk(b"all") + END)
    assert line.arrived() is None
    got: list[bytes] = []
    await line.pour(got.append)
    assert got == [b"all"]


async def test_a_large_body_is_not_taken_at_once() -> None:
    line = a_line(Turns(asyncio.get_running_loop()))
    line.data_received(chunk(bytes(AT_ONCE + 1)) + END)
    assert line.arrived() is None
    got: list[bytes] = []
    await line.pour(got.append)
    assert len(b"".join(got)) == AT_ONCE + 1


async def test_a_body_that_breaks_off_has_not_arrived() -> None:
    line = a_line(Turns(asyncio.get_running_loop()))
    line.data_received(chunk(b"half"))
    line.connection_lost(ConnectionResetError())
    assert line.arrived() is None
    with pytest.raises(Exception, match="not complete"):
        await line.pour(lambda _data: None)
