from __future__ import annotations

from pathlib import Path

import pytest

from faregate.control.capture import CaptureOn
from faregate.control.capture_client import CaptureClient
from faregate.control.errors import ControlError, ProxyNotRunning
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy, running


@pytest.fixture
def client(tmp_path: Path) -> CaptureClient:
    return CaptureClient(tmp_path / "s")


@pytest.fixture
def proxy(tmp_path: Path) -> FakeProxy:
    return FakeProxy(socket=tmp_path / "s", snapshot=scenes.snapshot())


def test_names_are_quoted(client: CaptureClient, proxy: FakeProxy) -> None:
    with running(proxy):
        for ask in (
            lambda: client.capture("req/1?"),
            lambda: client.captured_body("req/1?", "answer", 2),
            lambda: client.captures(5),
            client.capture_status,
        ):
            with pytest.raises(ControlError):
                ask()
    assert [each.path for each in proxy.seen] == [
        "/v1/captures/req%2F1%3F",
        "/v1/captures/req%2F1%3F/body?part=answer&attempt=2",
        "/v1/captures?limit=5",
        "/v1/capture",
    ]


def test_only_turning_it_on_carries_a_persons_word(
    client: CaptureClient, proxy: FakeProxy
) -> None:
    with running(proxy):
        for call in (
            lambda: client.capture_on(CaptureOn(for_s=5.0), confirmed=True),
            client.capture_off,
            client.clear_captures,
        ):
            # What answers here is no proxy that knows of captures.
            with pytest.raises(ControlError, match="unknown shape"):
                call()
    on, *others = proxy.seen
    assert on.headers["x-faregate-confirmed"] == "tty"
    assert not any("x-faregate-confirmed" in each.headers for each in others)


def test_nobody_listens(client: CaptureClient) -> None:
    with pytest.raises(ProxyNotRunning):
        client.capture_status()
