from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from faregate.control.client import ControlClient
from faregate.control.errors import ControlError, ProxyNotRunning
from faregate.control.models import (
    HoldView,
    NewSession,
    Problem,
    ResolveHold,
    SetBudget,
    VersionInfo,
)
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[FakeProxy]:
    with running(FakeProxy(tmp_path / "s", scenes.busy())) as fake:
        yield fake


@pytest.fixture
def client(proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch) -> ControlClient:
    monkeypatch.delenv("FAREGATE_ADMIN_SECRET", raising=False)
    return ControlClient(proxy.socket)


def test_what_the_proxy_tells_arrives_whole(
    proxy: FakeProxy, client: ControlClient
) -> None:
    hold = HoldView(
        id="h1",
        request="r1",
        session="s1",
        provider="anthropic",
        model="m",
        state="unknown",
        amount="0.40",
        held_at=scenes.at(10),
        why=None,
    )
    proxy.holds = [hold]
    assert client.version() == proxy.version
    assert client.status() == proxy.snapshot.status
    assert client.snapshot() == proxy.snapshot
    assert client.holds() == [hold]


def test_a_session_is_asked_for_and_ended(
    proxy: FakeProxy, client: ControlClient
) -> None:
    grant = client.new_session(NewSession(agent="claude", max_cost="2"))
    assert grant.token == "fg-s1"
    client.end_session("a/b c")
    asked, ended = proxy.seen
    assert msgspec.json.decode(asked.body, type=NewSession).max_cost == "2"
    assert ended.path == "/v1/sessions/a%2Fb%20c/end"
    assert "x-faregate-confirmed" not in asked.headers


def test_a_confirmation_is_claimed_only_when_a_person_gave_it(
    proxy: FakeProxy, client: ControlClient
) -> None:
    change = SetBudget(scope="global", window="month", limit="50")
    client.set_budget(change)
    client.set_budget(change, confirmed=True)
    client.resolve(ResolveHold(id="h1", spent=None), confirmed=True)
    client.shutdown(confirmed=True)
    told = [seen.headers.get("x-faregate-confirmed") for seen in proxy.seen]
    assert told == [None, "tty", "tty", "tty"]
    assert [seen.path for seen in proxy.seen[1:]] == [
        "/v1/budgets",
        "/v1/holds/resolve",
        "/v1/shutdown",
    ]
    assert msgspec.json.decode(proxy.seen[0].body, type=SetBudget) == change


def test_the_admin_secret_stands_for_the_confirmation(
    proxy: FakeProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAREGATE_ADMIN_SECRET", "s3cret")
    client = ControlClient(proxy.socket)
    client.set_budget(SetBudget(scope="global", window="month", limit="50"))
    client.status()
    assert proxy.seen[0].headers["x-faregate-admin"] == "s3cret"
    assert "x-faregate-confirmed" not in proxy.seen[0].headers
    assert "x-faregate-admin" not in proxy.seen[1].headers


def test_a_refusal_keeps_its_code(proxy: FakeProxy, client: ControlClient) -> None:
    proxy.problem = (403, Problem(code="not_confirmed", message="needs a person"))
    with pytest.raises(ControlError, match="needs a person") as raised:
        client.set_budget(SetBudget(scope="global", window="month", limit="50"))
    assert raised.value.code == "not_confirmed"


def test_another_control_version_is_refused(
    proxy: FakeProxy, client: ControlClient
) -> None:
    proxy.version = VersionInfo(version="2.0.0", control=2)
    with pytest.raises(ControlError) as raised:
        client.version()
    assert raised.value.code == "version_mismatch"


def test_no_socket_and_a_dead_socket_mean_no_proxy(tmp_path: Path) -> None:
    with pytest.raises(ProxyNotRunning):
        ControlClient(tmp_path / "nothing").status()
    dead = tmp_path / "dead"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead))
    with pytest.raises(ProxyNotRunning):
        ControlClient(dead).status()


def test_a_path_that_no_socket_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(ControlError) as raised:
        ControlClient(tmp_path / ("x" * 200)).status()
    assert raised.value.code == "unreachable"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "bad_answer"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{", "cut_answer"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]", "bad_answer"),
        (b"HTTP/1.0 200 OK\r\n\r\nnot json", "bad_answer"),
        (b"HTTP/1.0 500 Oops\r\n\r\n", "http_error"),
    ],
)
def test_a_broken_answer_is_an_error_with_a_code(
    tmp_path: Path, answer: bytes, code: str
) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        server = threading.Thread(target=_answer_once, args=(listener, answer))
        server.start()
        with pytest.raises(ControlError) as raised:
            ControlClient(path).status()
        server.join()
    assert raised.value.code == code


def test_a_silent_proxy_is_given_up_on(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        with pytest.raises(ControlError) as raised:
            ControlClient(path, timeout=0.05).status()
    assert raised.value.code == "timeout"


def test_the_client_starts_without_heavy_modules() -> None:
    code = (
        "import sys, faregate.control.client\n"
        "heavy = {'asyncio', 'aiohttp', 'textual', 'ssl', 'http.client', 'rich'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert told.stdout.strip() == "[]"


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(answer)
