"""aider on Chat Completions: no session, no usage asked for, no output bound, no tools.

It talks through litellm and the openai SDK, so its headers are theirs; only a prefix in
its base URL tells one run from another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.agent_kinds.chat_reading import (
    assistant_turn,
    read_chunk,
    read_completion,
)
from faregate.smoke.agent_kinds.filler import prose
from faregate.smoke.agent_kinds.kind import Json, Patience, Said

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_SDK_TRIES = 3


class Aider:
    """One run of aider."""

    name = "aider"
    fresh_connections = False
    knocks = False
    leaves_early = False
    retries_whole = False
    patience = Patience(
        by_status={402: 2, 403: 8, 422: 8, 429: 8 * _SDK_TRIES},
        server_errors=8 * _SDK_TRIES,
        closed=8 * _SDK_TRIES,
        cut=8,
        reported=8,
        delays=(0.25, 0.5, 1, 2, 4, 8, 16, 32),
        obeys_retry_after=False,
    )

    def __init__(self, model: str, rng: Random) -> None:
        self._model = model
        self._session = f"aider-{rng.getrandbits(32):08x}"
        self._messages: list[Json] = [
            {"role": "system", "content": prose(8200)},
            {"role": "user", "content": prose(24000)},
            {
                "role": "assistant",
                "content": "Ok, any changes I propose will be there.",
            },
            {"role": "user", "content": prose(160)},
        ]

    @property
    def session(self) -> str:
        """Return the name a person or a wrapper gives the run; aider sends none."""
        return self._session

    def path(self) -> str:
        """Return the path."""
        return "/v1/chat/completions"

    def headers(self, token: str, retry: int) -> Mapping[str, str]:
        """Return the SDK's headers; its retry count restarts with each outer try."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "OpenAI/Python 2.20.0",
            "X-Stainless-Lang": "python",
            "X-Stainless-Package-Version": "2.20.0",
            "X-Stainless-OS": "Linux",
            "X-Stainless-Arch": "x64",
            "X-Stainless-Runtime": "CPython",
            "X-Stainless-Runtime-Version": "3.11.7",
            "Authorization": f"Bearer {token}",
            "X-Stainless-Async": "false",
            "x-stainless-retry-count": str(retry % _SDK_TRIES),
            "X-Stainless-Raw-Response": "true",
            "x-stainless-read-timeout": "600",
        }

    def side_calls(self) -> list[Json]:
        """Return none."""
        return []

    def body(self) -> Json:
        """Return the conversation."""
        return {
            "messages": list(self._messages),
            "model": self._model,
            "stream": True,
            "temperature": 0,
        }

    def read(self, event: Json, said: Said) -> None:
        """Take one chunk in."""
        read_chunk(event, said)

    def read_whole(self, answer: Json) -> Said:
        """Read a completion."""
        return read_completion(answer)

    def take(self, said: Said, rng: Random) -> None:
        """Append the answer and the next wish of its user, sometimes with a file."""
        self._messages.append(assistant_turn(said))
        prompt = prose(rng.choice((80, 160, 6000)))
        self._messages.append({"role": "user", "content": prompt})
