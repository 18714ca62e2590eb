"""How much a request may cost at most, before it is sent.

Every bound here must hold for every tokenizer and every answer: a bound that is
too low lets spending pass the cap. Token counts that merely look likely do not
belong here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.dearest import worst_case
from faregate.core.lean import lean
from faregate.core.pricing import ONE, PriceRow, Ratio
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from faregate.core.facts import Conversation, RequestFacts
    from faregate.core.model_facts import ModelFacts
    from faregate.core.money import Money

BYTES_PER_MESSAGE = 16
"""Tokens of framing that a chat template may add to each message."""

PREFIX_SLACK = 64
"""Tokens by which a continued conversation may exceed its known parts."""

USUAL_BYTES_PER_TOKEN = 16
"""Bytes of a body that one token of input accounts for at most in a turn that is
believed: four times what texts have."""

SERVER_TOOL_ROUNDS = 3
"""Rounds assumed for server tools that declare no maximum, as Codex always sends
one: more would hold dollars for a tool that is rarely called. What passes them is
booked at the truth and closes its budgets."""

SERVER_TOOL_RESULT = 20_000
"""Input tokens that the result of one server tool call is taken to add at most; no
provider states a maximum, and the whole window for each round would fit no cap."""

UNKNOWN_MAXIMUM = 128_000
"""Output tokens held where neither the caller nor any table names a maximum."""

OUTPUT_FLOOR = 1024
"""Least output bound worth starting a request with."""

ABORT_MARGIN = 256
"""Output tokens a provider may have made beyond those that reached us."""

ABORT_RATE = 300
"""Output tokens a second that no metered model exceeds, for hidden reasoning."""


@lean
@dataclass(frozen=True, slots=True)
class KnownTurn:
    """The last settled request of a session on one target, with its exact usage."""

    conversation: Conversation
    body_bytes: int
    input_tokens: int
    output_tokens: int

    @property
    def plausible(self) -> bool:
        """Tell whether its usage can be all that the provider was shown."""
        return self.input_tokens * USUAL_BYTES_PER_TOKEN >= self.body_bytes


@lean
@dataclass(frozen=True, slots=True)
class Bounds:
    """Most tokens an attempt may be billed for."""

    input: int
    output: int
    choices: int = 1
    server_tool_calls: int = 0
    output_injected: bool = False
    """True when the caller named no output bound and the gate sets one."""
    hidden_output: int = 0
    """Output tokens of each choice that are billed beyond `output`."""

    @property
    def billable_output(self) -> int:
        """Return the most output tokens of all choices together."""
        return (self.output + self.hidden_output) * self.choices

    def with_output(self, output: int) -> Bounds:
        """Return the same bounds with another output bound."""
        return Bounds(
            self.input,
            output,
            self.choices,
            self.server_tool_calls,
            self.output_injected,
            self.hidden_output,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbounded:
    """No bound can be given; `why` says what is missing."""

    why: str


def extends(known: Conversation, now: Conversation) -> int | None:
    """Return the bytes appended since `known`, or None when it is no extension."""
    count = len(known.parts)
    if not count or known.fixed != now.fixed or len(now.parts) < count:
        return None
    if now.parts[:count] != known.parts:
        return None
    added = now.sizes[count:]
    return sum(added) + BYTES_PER_MESSAGE * len(added)


def input_bound(
    facts: RequestFacts, model: ModelFacts, known: KnownTurn | None = None
) -> int | Unbounded:
    """Return the most input tokens one sampling of this request can have."""
    # Plain comparisons: each call of `min` or `max` costs as much as ten of them.
    window = model.context
    if window is not None and facts.inputs > 1:
        window *= facts.inputs
    tight = None if known is None else _continued(known, facts)
    if facts.media or facts.stored_input:
        bound = window if tight is None else tight
        if bound is None:
            return Unbounded(
                why="its input is not in the request body (an image, a file or a "
                "stored conversation) and the model's context window is not known"
            )
    else:
        bound = facts.body_bytes + BYTES_PER_MESSAGE * facts.messages
        if tight is not None and tight < bound:
            bound = tight
    return bound if window is None or bound < window else window


def _continued(known: KnownTurn, facts: RequestFacts) -> int | None:
    """Return the bound of a request that continues a known turn, None for others.

    Media that the known turn had are counted in it; media that came since are not.
    """
    if not known.plausible or facts.stored_input:
        return None
    if facts.media and not 0 < facts.media_reach <= len(known.conversation.parts):
        return None
    added = extends(known.conversation, facts.conversation)
    if added is None:
        return None
    # What is no part of a message, such as a cache marker, may have grown.
    grown = facts.body_bytes - known.body_bytes
    if grown > added:
        added = grown
    return known.input_tokens + known.output_tokens + added + PREFIX_SLACK


def bounds_of(
    facts: RequestFacts,
    model: ModelFacts,
    *,
    default_output: int,
    input_tokens: int,
    hidden_reasoning: bool = False,
) -> Bounds:
    """Return the bounds of a generation request.

    `hidden_reasoning` says that the provider bills reasoning beyond the output
    bound; then the model's own maximum counts as well.
    """
    rounds = 0
    if facts.server_tools:
        uses = facts.server_tool_uses
        rounds = SERVER_TOOL_ROUNDS if uses is None else uses
    output = facts.output_bound
    if output is None:
        output = min(default_output, model.max_output or default_output)
    hidden = (model.max_output or UNKNOWN_MAXIMUM) if hidden_reasoning else 0
    hidden += facts.predicted
    tokens = input_tokens
    if rounds:
        tokens = _over_rounds(tokens, rounds, model.context)
    if facts.compacts:
        # The summary is written from all of the input, and billed beside the answer.
        tokens += input_tokens
        hidden += output
    return Bounds(
        tokens,
        output,
        facts.choices,
        rounds,
        facts.output_bound is None,
        hidden,
    )


def _over_rounds(tokens: int, rounds: int, window: int | None) -> int:
    """Return the input of all sampling rounds, each with the results before it."""
    growing, full = rounds + 1, 0
    if window is not None:
        fitting = max(0, window - tokens) // SERVER_TOOL_RESULT + 1
        growing = min(growing, fitting)
        full = rounds + 1 - growing
    grown = SERVER_TOOL_RESULT * growing * (growing - 1) // 2
    return tokens * growing + grown + (window or 0) * full


def hold_amount(
    bounds: Bounds, row: PriceRow, facts: RequestFacts, multiplier: Ratio = ONE
) -> Money:
    """Return the money that covers the dearest outcome within `bounds`.

    `multiplier` is the factor of the region that it runs in.
    """
    return worst_case(
        row,
        input_bound=bounds.input,
        output_bound=bounds.output + bounds.hidden_output,
        choices=bounds.choices,
        cache_write=facts.cache_write,
        server_tool_calls=bounds.server_tool_calls,
        multiplier=multiplier,
    )


def observed_output(output_bytes: int, elapsed_s: float, choices: int = 1) -> int:
    """Return a bound on the output of an answer that was cut off.

    A byte of output is at most a token; what was made but not seen (in flight, or
    reasoning that the provider hides) is bounded by time. Choices are made at once.
    """
    by_time = int(elapsed_s * ABORT_RATE * choices)
    return max(output_bytes + ABORT_MARGIN * choices, by_time)
