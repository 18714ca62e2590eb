"""Asks: is a strict JSON schema kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faregate.core.json_schema import why_not
from faregate.providers.spec import ANTHROPIC_MESSAGES, PROTOCOLS
from faregate.smoke.context import Profile
from faregate.smoke.dialects.wanted import Wanted
from faregate.smoke.error_shape import names, shown
from faregate.smoke.no_answer import no_answer
from faregate.smoke.probe import Group, Probe
from faregate.smoke.reading import Finish, parsed
from faregate.smoke.scrub import scrub
from faregate.smoke.verdict import passed, unsupported, warned

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext
    from faregate.smoke.verdict import Finding

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "size": {"type": "string", "enum": ["tiny-1", "huge-9"]},
        "people": {"type": "integer"},
    },
    "required": ["city", "size", "people"],
    "additionalProperties": False,
}
_FIELDS = ("response_format", "json_schema", "schema", "text.format")


async def run(ctx: ProbeContext) -> Finding:
    """Ask for an object whose form the prompt does not tell."""
    prompt = (
        "Describe Paris as JSON: its name, its size and how many people live there."
    )
    asked = await ctx.ask(Wanted(prompt=prompt, max_output=192, schema=SCHEMA))
    if asked.status in {400, 404, 422, 501} and names(asked, *_FIELDS):
        return unsupported(f"refused: {shown(asked, ctx.secret)}")
    if not asked.ok:
        return no_answer(ctx.target, asked)
    value = parsed(asked.said.text)
    if value is None and asked.finish is Finish.LENGTH:
        return warned(
            f"cut before it was whole: {scrub(asked.said.text, ctx.secret, limit=60)}",
            "nobody can tell whether it would have kept the schema",
            "give this model more output tokens for JSON",
        )
    return _judge(ctx, asked)


def _judge(ctx: ProbeContext, asked: Transcript) -> Finding:
    value = parsed(asked.said.text)
    if value is None:
        return warned(
            f"no JSON: {scrub(asked.said.text, ctx.secret, limit=60)}",
            "schemas are not supported, and not refused: agents stop with a parse error",
            "use tools instead of schemas with this target",
        )
    broken = why_not(value, SCHEMA)
    if broken is not None:
        return warned(
            f"JSON that breaks the schema: {scrub(broken, ctx.secret, limit=80)}",
            "the schema is taken and ignored",
            "check answers yourself, or use tools instead of schemas",
        )
    return passed("valid, enum and all")


PROBE = Probe(
    id="json_schema",
    title="JSON schema",
    group=Group.CHAT,
    profile=Profile.FULL,
    run=run,
    requests=1,
    input_tokens=100,
    output_tokens=192,
    needs=("basic",),
    protocols=PROTOCOLS - {ANTHROPIC_MESSAGES},
)
