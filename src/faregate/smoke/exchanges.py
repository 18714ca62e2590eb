"""The requests that several probes read; each is sent at most once a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.smoke.asking.asker import Call
from faregate.smoke.dialects.wanted import Tool, Wanted
from faregate.smoke.error_shape import names
from faregate.smoke.reading import dig, rows

if TYPE_CHECKING:
    from faregate.smoke.asking.transcript import Transcript
    from faregate.smoke.context import ProbeContext

TEXT_OUTPUT = 400
TOOL_OUTPUT = 256
WRONG_KEY = "sk-smoke-test-of-a-key-that-is-none"
NO_SUCH_MODEL = "faregate-no-such-model"
WEATHER = Tool(
    name="get_weather",
    description="Return the weather of a city.",
    schema={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
)
_WINDOW_FIELDS = (
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
)


async def models(ctx: ProbeContext) -> Transcript:
    """Return the model list."""
    return await ctx.once("models", _models)


async def text_stream(ctx: ProbeContext) -> Transcript:
    """Return a streamed answer of about a hundred tokens, usage asked for."""
    return await ctx.once("text_stream", _text_stream)


async def tool_call(ctx: ProbeContext) -> Transcript:
    """Return an answer that should call one tool."""
    return await ctx.once("tool_call", lambda c: c.ask(weather()))


async def tool_stream(ctx: ProbeContext) -> Transcript:
    """Return a streamed answer that should call one tool."""
    return await ctx.once("tool_stream", lambda c: c.ask(weather(stream=True)))


async def bad_key(ctx: ProbeContext) -> Transcript:
    """Return what a wrong key gets."""
    return await ctx.once(
        "bad_key",
        lambda c: c.ask(
            Wanted(prompt="Say hello.", max_output=16),
            key=WRONG_KEY,
            deadline_s=c.patience.error_s,
        ),
    )


def numbers(nonce: str) -> str:
    """Return a prompt whose answer is about a hundred tokens and holds `nonce`."""
    return (
        f"Begin your answer with the code {nonce}. Then write the numbers from one to "
        "forty as English words, separated by commas. Write nothing else."
    )


def weather(
    city: str = "Paris", unit: str = "celsius", *, stream: bool = False
) -> Wanted:
    """Return a request that needs one call of the tool."""
    return Wanted(
        prompt=f"What is the weather in {city}, in {unit}? Use the tool.",
        tools=(WEATHER,),
        max_output=TOOL_OUTPUT,
        stream=stream,
    )


async def _models(ctx: ProbeContext) -> Transcript:
    path = ctx.dialect.models_path
    asked = await ctx.call(Call(path=path, deadline_s=ctx.patience.error_s, free=True))
    if asked.status == 200:
        _learn(ctx, asked)
    return asked


def _learn(ctx: ProbeContext, asked: Transcript) -> None:
    """Take the model where none was named, and its window where the list says it."""
    listed = ctx.dialect.listed_models(asked.json)
    if not ctx.model and listed:
        ctx.model = listed[0]
    for row in rows(dig(asked.json, "data")):
        if row.get("id") != ctx.model or ctx.window is not None:
            continue
        stated = [row.get(name) for name in _WINDOW_FIELDS]
        stated.append(dig(row, "meta", "n_ctx"))
        ctx.window = next((n for n in stated if isinstance(n, int) and n > 0), None)


async def _text_stream(ctx: ProbeContext) -> Transcript:
    """Ask, and once more for each parameter that the target refuses by name."""
    asked = await _ask_text(ctx)
    for _ in range(len(ctx.dialect.output_fields)):
        if asked.status not in {400, 422}:
            break
        if ctx.ask_usage and names(asked, "stream_options", "include_usage"):
            ctx.ask_usage = False
        elif not _other_field(ctx, asked):
            break
        asked = await _ask_text(ctx)
    return asked


async def _ask_text(ctx: ProbeContext) -> Transcript:
    wanted = Wanted(prompt=numbers(ctx.nonce), stream=True, max_output=TEXT_OUTPUT)
    return await ctx.ask(wanted)


def _other_field(ctx: ProbeContext, asked: Transcript) -> bool:
    """Switch to the output field that an error asks for; tell whether there is one."""
    fields = ctx.dialect.output_fields
    now = ctx.output_field or fields[0]
    others = [name for name in fields if name != now]
    if not others or not names(asked, now):
        return False
    ctx.output_field = others[0]
    return True
