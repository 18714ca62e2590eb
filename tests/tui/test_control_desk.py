from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faregate.control.errors import ControlError
from faregate.tui.control_desk import ControlDesk

if TYPE_CHECKING:
    from tests.control.fake_proxy import FakeProxy


async def test_what_changes_money_is_sent_as_confirmed(proxy: FakeProxy) -> None:
    desk = ControlDesk(proxy.socket)
    assert await desk.holds() == []
    await desk.resolve("h1", "0.25")
    await desk.set_budget("global", "month", "250")
    posted = [each for each in proxy.seen if each.method == "POST"]
    assert [each.path for each in posted] == ["/v1/holds/resolve", "/v1/budgets"]
    assert {each.headers["x-faregate-confirmed"] for each in posted} == {"tty"}
    assert b'"spent":"0.25"' in posted[0].body
    assert b'"limit":"250"' in posted[1].body


async def test_a_desk_that_only_watches_sends_nothing(proxy: FakeProxy) -> None:
    desk = ControlDesk(proxy.socket, read_only=True)
    assert await desk.holds() == []
    with pytest.raises(ControlError, match="only watches"):
        await desk.resolve("h1", None)
    with pytest.raises(ControlError, match="only watches"):
        await desk.set_budget("global", "month", None)
    assert [each.path for each in proxy.seen] == ["/v1/holds"]
