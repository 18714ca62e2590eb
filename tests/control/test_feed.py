from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from faregate.control import feed as module
from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.feed import decode_feed, encode_feed, feed, fetch_version
from faregate.control.models import Problem, VersionInfo
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faregate.control.models import FeedMessage


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[FakeProxy]:
    with running(FakeProxy(tmp_path / "s", scenes.busy())) as fake:
        yield fake


def test_a_message_survives_its_line() -> None:
    snapshot = scenes.busy()
    delta = scenes.delta(2, snapshot, events=[scenes.event(30, "x")])
    for message in (snapshot, delta):
        line = encode_feed(message)
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert decode_feed(line) == message


def test_lines_of_later_versions_are_skipped_and_broken_ones_told() -> None:
    assert decode_feed(b'{"weather": {"rain": true}}') is None
    for broken in (b"", b"nope", b'{"delta": {"seq": "x"}}', b"[]"):
        with pytest.raises(ControlError) as raised:
            decode_feed(broken)
        assert raised.value.code == "bad_answer"


async def test_the_snapshot_comes_first_then_deltas(proxy: FakeProxy) -> None:
    delta = scenes.delta(2, proxy.snapshot, sessions=[scenes.session("new")])
    got: list[FeedMessage] = []
    async with aclosing(feed(proxy.socket)) as messages:
        async for message in messages:
            got.append(message)
            if len(got) == 1:
                proxy.publish(delta)
            else:
                break
    assert got == [proxy.snapshot, delta]


async def test_the_feed_ends_when_the_proxy_closes_it(proxy: FakeProxy) -> None:
    got = []
    async for message in feed(proxy.socket):
        got.append(message)
        await asyncio.to_thread(proxy.stop)
    assert got == [proxy.snapshot]


async def test_lines_may_come_in_pieces(proxy: FakeProxy) -> None:
    delta = scenes.delta(2, proxy.snapshot)
    line = encode_feed(delta)
    got: list[FeedMessage] = []
    async with aclosing(feed(proxy.socket)) as messages:
        async for message in messages:
            got.append(message)
            if len(got) == 2:
                break
            for start in range(0, len(line), 97):
                proxy.send(line[start : start + 97])
    assert got[1] == delta


async def test_a_cut_line_is_told(proxy: FakeProxy) -> None:
    proxy.raw = encode_feed(proxy.snapshot) + b'{"delta": {'
    async with aclosing(feed(proxy.socket)) as messages:
        await anext(messages)
        await asyncio.to_thread(proxy.stop)
        with pytest.raises(ControlError) as raised:
            await anext(messages)
    assert raised.value.code == "cut_feed"


async def test_a_line_without_end_is_refused(
    proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 4096)
    proxy.raw = b"x" * 100_000
    with pytest.raises(ControlError) as raised:
        async for _ in feed(proxy.socket):
            pass
    assert raised.value.code == "too_long"


async def test_no_proxy_another_version_and_a_refusal(
    proxy: FakeProxy, tmp_path: Path
) -> None:
    with pytest.raises(ProxyNotRunning):
        await anext(feed(tmp_path / "nothing"))
    proxy.version = VersionInfo(version="2.0.0", control=2)
    with pytest.raises(ControlError) as raised:
        await anext(feed(proxy.socket))
    assert raised.value.code == "version_mismatch"
    proxy.problem = (503, Problem(code="draining", message="the proxy is stopping"))
    with pytest.raises(ControlError, match="stopping"):
        await anext(feed(proxy.socket))


async def test_a_proxy_that_hangs_in_silence_is_noticed(
    proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.05)
    asked = len(proxy.seen)
    async with aclosing(feed(proxy.socket)) as messages:
        await anext(messages)
        waiting = asyncio.ensure_future(anext(messages))
        await asyncio.to_thread(_wait_for, lambda: len(proxy.seen) >= asked + 4)
        assert not waiting.done()
        proxy.problem = (500, Problem(code="sick", message="not well"))
        with pytest.raises(ControlError, match="not well"):
            await waiting


def _wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.01)


async def test_a_proxy_that_never_answers_is_given_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_WITHIN_S", 0.05)
    path = tmp_path / "s"
    done = asyncio.Event()

    async def silent(_r: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    server = await asyncio.start_unix_server(silent, str(path))
    with pytest.raises(ControlError) as raised:
        await fetch_version(path)
    done.set()
    server.close()
    await server.wait_closed()
    assert raised.value.code == "timeout"
