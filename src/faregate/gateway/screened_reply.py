"""The way to the client, with tool calls held back until somebody decided.

Stands between an attempt and the client's reply where rules on tool calls are set.
The answer is paid for and booked by the time its calls are decided.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from msgspec import structs

from faregate.core.approvals.calls import judge_call, may_concern
from faregate.core.approvals.denial import denied_text
from faregate.gateway.inbound import Whole
from faregate.gateway.ports import ClientGoneError
from faregate.protocols.tool_screens import screen_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faregate.core.approvals.calls import CallRule
    from faregate.core.transcript import ToolCall
    from faregate.gateway.approvals import ApprovalDesk
    from faregate.gateway.governor import Asked
    from faregate.gateway.inbound import Result
    from faregate.gateway.ports import Reply, Wait
    from faregate.protocols.screening import Screen


class RuleJudge:
    """Judges calls by the rules of the configuration."""

    def __init__(self, rules: Sequence[CallRule]) -> None:
        self._rules = rules

    def concerns(self, tool: str) -> bool:
        """Tell whether a call of this tool may be in question."""
        return may_concern(self._rules, tool)

    def questions(self, call: ToolCall) -> bool:
        """Tell whether this call is in question."""
        return judge_call(self._rules, call) is not None


def screened(asked: Asked, desk: ApprovalDesk | None) -> ScreenedReply | None:
    """Return the screened way to a request's client, None where nothing is screened."""
    if desk is None or not desk.policy.tools:
        return None
    judge = RuleJudge(desk.policy.tools)
    screen = screen_of(asked.inbound.codec.name, judge)
    return None if screen is None else ScreenedReply(asked, desk, screen)


class ScreenedReply:
    """Passes on what may pass; `settle` sees to the rest once the answer is over."""

    def __init__(self, asked: Asked, desk: ApprovalDesk, screen: Screen) -> None:
        """Write to the reply of `asked`."""
        self._asked = asked
        self._reply: Reply = asked.reply
        self._desk = desk
        self._screen = screen
        self._broken = False

    @property
    def started(self) -> bool:
        """Tell whether status and headers went out."""
        return self._reply.started

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        await self._reply.start(status, headers)

    async def write(self, data: bytes) -> None:
        """Send what may pass of these bytes."""
        passed = self._screen.feed(data)
        if passed:
            await self._reply.write(passed)

    def push(self, data: bytes) -> Wait | None:
        """Send what may pass of these bytes, now."""
        passed = self._screen.feed(data)
        return self._reply.push(passed) if passed else None

    async def fail(self, last_words: bytes) -> None:
        """Send an error event and close; what was held back is dropped."""
        self._broken = True
        await self._reply.fail(last_words)

    def abort(self) -> None:
        """Drop the connection."""
        self._reply.abort()

    async def settle(self, result: Result) -> Result:
        """Have the calls decided that were held back, and give the client the rest."""
        if isinstance(result, Whole):
            return await self._whole(result)
        if result is not None or self._broken or not self._reply.started:
            return result
        with contextlib.suppress(ClientGoneError):
            rest = self._screen.finish()
            if rest:
                await self._reply.write(rest)
            if self._screen.asked:
                denied = await self._decided(self._screen.asked)
                await self._reply.write(self._screen.resolve(denied))
        return None

    async def _whole(self, whole: Whole) -> Whole:
        if whole.status != 200:
            return whole
        body, numbers = self._screen.whole_calls(whole.body)
        if not numbers:
            return whole
        denied = await self._decided([body.calls[number] for number in numbers])
        texts = {
            number: text
            for number, text in zip(numbers, denied, strict=True)
            if text is not None
        }
        if not texts:
            return whole
        return structs.replace(whole, body=self._screen.rewritten(body, texts))

    async def _decided(self, calls: Sequence[ToolCall]) -> list[str | None]:
        """Return the text that replaces each call, None for one that may pass."""
        rules = self._desk.policy.tools
        found = [(call, judge_call(rules, call)) for call in calls]
        known = [(call, finding) for call, finding in found if finding is not None]
        reasons = iter(await self._desk.review(self._asked, known))
        why = [None if finding is None else next(reasons) for _, finding in found]
        return [
            None if reason is None else denied_text(call, reason)
            for call, reason in zip(calls, why, strict=True)
        ]
