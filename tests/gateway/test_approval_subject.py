"""What the rules see of a request, and what stands for exactly this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faregate.core.approvals.cost import USUAL_OUTPUT
from faregate.core.transcript import ToolCall
from faregate.gateway.approval_subject import digest_of, signature_of, subject_of
from faregate.gateway.governor import Asked, Governor, Judged
from faregate.gateway.inbound import Result
from tests.gateway.gates import ask
from tests.gateway.offices import Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


async def asked(
    office: Office, path: str = "/v1/chat/completions", **body: Any
) -> Asked:
    """Return what an approver is asked about a body."""
    seen: list[Asked] = []

    class Noting(Governor):
        def decide(self, asked: Asked) -> Judged:
            seen.append(asked)
            return super().decide(asked)

        def ended(self, asked: Asked, result: Result) -> None:
            super().ended(asked, result)

    sent, _case = await _send(office, path, body, Noting(approver=office.desk))
    sent.exchange.client_gone()
    await sent.result
    return seen[0]


async def _send(office: Office, path: str, body: Any, governor: Governor) -> Any:
    office.small.gate.governor = governor
    return await office.asked(body, path=path)


async def test_the_estimate_is_of_a_usual_answer(office: Office) -> None:
    request = await asked(office, **ask(max_tokens=9000))
    subject = subject_of(request.plan)
    most = request.plan.amount(request.plan.bounds)
    assert subject.estimate < most
    # Ten dollars a million tokens of output, one of input.
    assert subject.estimate.pico == (
        USUAL_OUTPUT * 10_000_000 + subject.input_tokens * 1_000_000
    )
    assert subject_of(request.plan, priced=False).estimate.pico == 0


async def test_input_is_estimated_from_bytes_and_never_above_its_bound(
    office: Office,
) -> None:
    said = [{"role": "user", "content": "word " * 3000}]
    request = await asked(office, **ask(messages=said))
    subject = subject_of(request.plan)
    assert 4000 < subject.input_tokens < 6000 < request.plan.bounds.input


async def test_any_change_of_what_is_sent_is_another_digest(office: Office) -> None:
    body = ask()
    digests = [
        digest_of(await asked(office, **changed))
        for changed in (
            body,
            {**body, "max_tokens": 1},
            {**body, "temperature": 1},
            {**body, "messages": [{"role": "user", "content": "hi!"}]},
        )
    ]
    assert len(set(digests)) == len(digests)
    again = await asked(office, **body)
    assert digest_of(again) == digests[0]
    call = ToolCall(id="1", name="Bash", arguments="ls")
    other = ToolCall(id="1", name="Bas", arguments="hls")
    assert len({digest_of(again, [call]), digest_of(again, [other]), digests[0]}) == 3


async def test_a_repeat_without_a_stream_has_the_same_signature(office: Office) -> None:
    first = await asked(office, **ask(stream=True))
    second = await asked(office, **ask(stream=False, max_tokens=5))
    assert signature_of(first) == signature_of(second)
    third = await asked(office, **ask(messages=[{"role": "user", "content": "no"}]))
    assert signature_of(first) != signature_of(third)
