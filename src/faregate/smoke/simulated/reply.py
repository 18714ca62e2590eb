"""What a step says about the content of an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faregate.smoke.simulated.rates import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One tool call of an answer; arguments given as text may be broken JSON.

    An empty `id` is filled in, unique for the answer.
    """

    name: str
    arguments: Mapping[str, Any] | str = ""
    id: str = ""

    @property
    def text(self) -> str:
        """Return the arguments as they go over the wire."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The content of one answer; every field left out takes the settings' default.

    With no `text` and no `tools` the answer is filler of `output_tokens` words, one
    token each. `usage` fixes every counter of one choice, whatever the request holds. `obey_max`
    False makes a provider that writes past the bound it was given. `model` is the
    model named in the answer (and billed) when it differs from the one asked for.
    """

    text: str | None = None
    reasoning: str = ""
    tools: tuple[ToolCall, ...] = ()
    output_tokens: int | None = None
    usage: Counts | None = None
    obey_max: bool = True
    model: str | None = None
    chunks: int | None = None
