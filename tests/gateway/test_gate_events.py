"""What the event log tells a person about agents' retries and providers' errors."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from faregate.smoke.simulated.faults.table import TABLE
from faregate.smoke.simulated.script import Step
from tests.running import MODEL, running_gate


async def test_an_error_answer_and_the_agents_retry_are_told(tmp_path: Path) -> None:
    body = {
        "model": MODEL,
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "x"}],
    }
    async with running_gate(tmp_path / "h") as gate:
        gate.provider.script(Step(fault=TABLE["429"]))
        url = f"{gate.url}/s/one/v1/chat/completions"
        async with aiohttp.ClientSession(headers=gate.bearer) as client:
            for expected in (429, 200):
                async with client.post(url, json=body) as answer:
                    assert answer.status == expected
        told = [(e.kind, e.session) for e in gate.daemon.gate.events.since(0)]
        assert told == [("error", "one"), ("retry", "one")]
        first = gate.daemon.gate.events.since(0)[0].text
        assert first.startswith("sim answered 429: ")
