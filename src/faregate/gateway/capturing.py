"""Which requests are captured, and what becomes of a tape when its request is over.

Owns the choice and the memory that tapes share. Writes nothing to a disk: whoever
keeps what was captured does that in its own time.
"""

from __future__ import annotations

import logging
from dataclasses import field
from typing import TYPE_CHECKING

from faregate.core.captured import CapturedReply, CapturedRequest
from faregate.core.refusal import Refusal
from faregate.core.values import dataclass
from faregate.gateway.inbound import Whole
from faregate.gateway.tape import Room, Tape, bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.core.captured import CapturedAttempt
    from faregate.core.identity import Identity
    from faregate.gateway.inbound import Inbound, Result

MOST_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of answers that run, over all requests that are captured."""
_log = logging.getLogger("faregate.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which requests are captured; nothing named means all."""

    session: str | None = None
    workspaces: frozenset[str] = field(default_factory=frozenset)

    def wants(self, identity: Identity) -> bool:
        """Tell whether requests of this session and workspace are captured."""
        if self.session is not None:
            return self.session in {identity.session, identity.root_session}
        return not self.workspaces or identity.labels.workspace in self.workspaces


class Capture:
    """Gives tapes out and takes them in again."""

    def __init__(
        self,
        keep: Callable[[CapturedRequest], None],
        *,
        clock: Callable[[], float],
        selection: Selection,
        most: int,
        room: Room | None = None,
    ) -> None:
        """Hand what is captured to `keep`; `most` bytes of a body, `clock` in s."""
        self._keep = keep
        self._clock = clock
        self._selection = selection
        self._most = most
        self._room = room or Room(MOST_IN_MEMORY)

    def tape(self, path: str, headers: Mapping[str, str]) -> Tape:
        """Return the tape of a request that came just now."""
        return Tape(
            path=path,
            headers=headers,
            room=self._room,
            most=self._most,
            clock=self._clock,
            wants=self._selection.wants,
            done=self._keep,
        )


def close(inbound: Inbound, result: Result, ended_by: Refusal | None) -> None:
    """Hand on what was captured of a request that is over; raises nothing."""
    tape = inbound.tape
    if tape is None:
        return
    try:
        if tape.wanted(inbound.explanation):
            tape.done(_captured(tape, inbound, result, ended_by))
    except Exception:  # noqa: BLE001 - whatever it is, the answer is not to suffer
        _log.exception("request %s is not captured", inbound.id)
    finally:
        tape.erase()


def _captured(
    tape: Tape, inbound: Inbound, result: Result, ended_by: Refusal | None
) -> CapturedRequest:
    identity = inbound.explanation.identity
    if identity is None:
        raise ValueError("a request that belongs to nobody")
    attempts = tape.attempts(inbound.body)
    refusal = result if isinstance(result, Refusal) else ended_by
    return CapturedRequest(
        id=inbound.id,
        session=identity.session,
        root_session=identity.root_session,
        workspace=identity.labels.workspace,
        protocol=inbound.codec.name,
        received_ms=inbound.received_ms,
        method=inbound.head.method,
        path=tape.path,
        headers=tuple(tape.headers.items()),
        body=bounded(inbound.body, tape.most),
        attempts=attempts,
        reply=_reply(tape, attempts, result),
        refusal=None if refusal is None else refusal.message,
        duration_ms=tape.elapsed_ms(),
    )


def _reply(
    tape: Tape, attempts: tuple[CapturedAttempt, ...], result: Result
) -> CapturedReply | None:
    if isinstance(result, Whole):
        body = bounded(result.body, tape.most)
        reply = CapturedReply(
            status=result.status, headers=tuple(result.headers.items()), body=body
        )
    else:
        streamed = tape.streamed()
        if streamed is None:
            return None
        reply = streamed
    answer = attempts[-1].answer if attempts else None
    same = (
        answer is not None
        and reply.body is not None
        and answer.length == reply.body.length
        and answer.data == reply.body.data
    )
    if not same:
        return reply
    return CapturedReply(status=reply.status, headers=reply.headers)
