"""The route of prices reads one small document, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.running import running_gate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("body", [b"", b"[]", b'{"target": 5}', b"{"])
async def test_what_is_no_price_is_a_bad_request(tmp_path: Path, body: bytes) -> None:
    async with running_gate(tmp_path / "h") as gate:
        socket = aiohttp.UnixConnector(str(gate.paths.socket))
        async with (
            aiohttp.ClientSession(connector=socket) as session,
            session.post("http://proxy/v1/prices", data=body) as answer,
        ):
            assert answer.status == 400
            assert (await answer.json())["code"] == "bad_request"
