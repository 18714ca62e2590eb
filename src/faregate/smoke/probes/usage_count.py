"""Asks: is the usage true, by somebody else's count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.core.values import dataclass
from faregate.providers.spec import Billing
from faregate.smoke.asking.asker import Call
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.exchanges import numbers, text_stream
from faregate.smoke.probe import Group, Probe
from faregate.smoke.verdict import failed, passed, skipped, warned
from faregate.tokens.counter import DEFAULT_ENCODING, TokenCounter
from faregate.tokens.vocabularies import VocabularyError

if TYPE_CHECKING:
    from faregate.core.usage import Usage
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Fact, Finding

_FRAME = 8
"""Tokens that a chat template adds to a conversation of one message."""
_LEAST = 3
_CLOSE = 0.10
_FAR = 0.50
_OTHER_TOKENIZER = 0.60
"""How far another model's tokenizer may be from the one that counts here."""


@dataclass(frozen=True, slots=True)
class _Count:
    """What somebody else counted, and how closely it must agree."""

    prompt: int | None
    output: int | None
    by: str
    exact: bool


async def run(ctx: ProbeContext) -> Finding:
    """Compare input and output with a count of our own, or of the provider."""
    asked = await text_stream(ctx)
    usage = asked.answer.usage
    if usage is None:
        return skipped("there is no usage to compare")
    count = await _count(ctx, asked)
    if count is None:
        return skipped("no vocabulary to count with")
    facts: dict[str, Fact] = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output,
        "counted_input": count.prompt,
        "counted_output": count.output,
        "exact": count.exact,
    }
    seen = _seen(usage, count)
    worst = max(
        _off(usage.input_tokens, count.prompt),
        _off(usage.output - usage.reasoning, count.output),
    )
    close, far = (_CLOSE, _FAR) if count.exact else (_OTHER_TOKENIZER, float("inf"))
    if worst > far:
        return failed(
            seen,
            "more is billed than was sent or written: inflated usage, or a hidden prompt",
            "compare with the provider's dashboard; do not use it where money matters",
            **facts,
        )
    if worst > close:
        why = "" if count.exact else " (this model's own tokenizer is not known here)"
        if why and ctx.target.spec.billing is Billing.FREE:
            return skipped(f"{seen}{why}, and nothing is billed", **facts)
        return warned(
            f"{seen}{why}",
            "the bill may hold more than was sent and written",
            "compare one request with the provider's own dashboard",
            **facts,
        )
    return passed(seen, **facts)


async def _count(ctx: ProbeContext, asked: Transcript) -> _Count | None:
    encoding = ctx.target.spec.tokenizer
    prompt = await _by_provider(ctx) if ctx.dialect.count_path else None
    counter = TokenCounter()
    try:
        own = await counter.count(numbers(ctx.nonce), encoding or DEFAULT_ENCODING)
        output = await counter.count(asked.said.text, encoding or DEFAULT_ENCODING)
    except VocabularyError:
        own, output = 0, 0
        if prompt is None:
            return None
    if prompt is not None:
        return _Count(prompt, None, "the provider's own count", exact=True)
    by = f"count with {encoding or DEFAULT_ENCODING}"
    # An answer that was cut has text that nobody sees, such as a stripped end mark.
    return _Count(own + _FRAME, output, by, exact=encoding is not None)


async def _by_provider(ctx: ProbeContext) -> int | None:
    wanted = Wanted(prompt=numbers(ctx.nonce), max_output=None)
    body = dict(ctx.dialect.shape(wanted, ctx.model).body)
    body.pop("max_tokens", None)
    asked = await ctx.call(
        Call(
            path=ctx.dialect.count_path,
            body=body,
            free=True,
            deadline_s=ctx.patience.error_s,
        )
    )
    return ctx.dialect.counted(asked.json) if asked.ok else None


def _off(told: int, counted: int | None) -> float:
    """Return by which share `told` is above or below, beyond a few tokens."""
    if counted is None or abs(told - counted) <= max(_LEAST, 0):
        return 0.0
    return abs(told - counted) / max(counted, 1)


def _seen(usage: Usage, count: _Count) -> str:
    prompt = (
        ""
        if count.prompt is None
        else f"{usage.input_tokens} in against {count.prompt}"
    )
    if count.output is None:
        return f"{prompt} by {count.by}"
    return f"{prompt}, {usage.output} out against {count.output} by {count.by}"


PROBE = Probe(
    id="usage_count",
    title="Usage is true",
    group=Group.USAGE,
    profile=Profile.FULL,
    run=run,
    requests=1,
    needs=("basic", "usage"),
)
