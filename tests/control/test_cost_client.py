from __future__ import annotations

from pathlib import Path

import pytest

from faregate.control.cost_client import CostClient
from faregate.control.cost_log import CorrectCost, Judge
from faregate.control.errors import ControlError, ProxyNotRunning
from tests.control import scenes
from tests.control.fake_proxy import FakeProxy, running


@pytest.fixture
def client(tmp_path: Path) -> CostClient:
    return CostClient(tmp_path / "s")


@pytest.fixture
def proxy(tmp_path: Path) -> FakeProxy:
    return FakeProxy(socket=tmp_path / "s", snapshot=scenes.snapshot())


def test_names_are_quoted_and_absent_ones_left_out(
    client: CostClient, proxy: FakeProxy
) -> None:
    with running(proxy):
        for ask in (
            lambda: client.requests(session="a b/&", since_ms=5, limit=2),
            lambda: client.requests(session=None, since_ms=0, limit=2),
            lambda: client.explain("req/1?"),
            lambda: client.sessions(limit=3, before=None),
        ):
            with pytest.raises(ControlError):
                ask()
    assert [each.path for each in proxy.seen] == [
        "/v1/requests?session=a+b%2F%26&since_ms=5&limit=2",
        "/v1/requests?since_ms=0&limit=2",
        "/v1/requests/req%2F1%3F",
        "/v1/sessions?limit=3",
    ]


def test_only_a_correction_carries_a_persons_word(
    client: CostClient, proxy: FakeProxy
) -> None:
    asked = CorrectCost(attempt="req_1", amount="0.1", note="x")
    with running(proxy):
        client.judge(Judge(session="s", outcome="accepted"))
        with pytest.raises(ControlError, match="unknown shape"):
            client.correct(asked, confirmed=True)
    judged, corrected = proxy.seen
    assert "x-faregate-confirmed" not in judged.headers
    assert corrected.headers["x-faregate-confirmed"] == "tty"


def test_nobody_listens(client: CostClient) -> None:
    with pytest.raises(ProxyNotRunning):
        client.report("model", since_ms=0)
