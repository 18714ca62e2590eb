"""Requests in the neutral model, made at random; tests import it."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from hypothesis import strategies as st

from faregate.protocols.dialogue import (
    CacheMark,
    Choice,
    Dialogue,
    Document,
    Image,
    Inline,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningControl,
    Role,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    canonical,
)
from faregate.protocols.events import Seal

ORIGINS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
words = st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda text: bool(text.strip()))
names = st.text("abcdefgh_-", min_size=1, max_size=12)
marks = st.none() | st.sampled_from(CacheMark)
data = st.binary(min_size=1, max_size=9).map(lambda raw: raw.hex() + "==")
images = st.builds(
    Image,
    source=st.builds(Inline, media_type=st.just("image/png"), data=data),
    detail=st.sampled_from([None, "low", "high"]),
    cache=marks,
)
documents = st.builds(
    Document,
    source=st.builds(Inline, media_type=st.just("application/pdf"), data=data),
    name=st.none() | names,
    cache=marks,
)
texts = st.builds(Text, text=words, cache=marks)
seals = st.none() | st.builds(
    Seal, st.sampled_from(ORIGINS), words.filter(lambda text: ":" not in text)
)
values = st.dictionaries(names, st.integers(-9, 9) | words, max_size=3)
arguments = st.one_of(
    values.map(lambda value: msgspec.json.encode(value).decode()),
    st.just("not json"),
)
schemas = st.builds(
    lambda properties: {"type": "object", "properties": properties},
    st.dictionaries(names, st.just({"type": "string"}), max_size=3),
)
tools = st.builds(
    Tool,
    name=names,
    description=st.none() | words,
    schema=schemas,
    strict=st.booleans(),
    cache=marks,
)


@st.composite
def thoughts(draw: st.DrawFn) -> Reasoning:
    """A thought; one without words has a seal."""
    seal = draw(seals)
    text = draw(words if seal is None else words | st.just(""))
    return Reasoning(text=text, seal=seal)


@st.composite
def rounds(draw: st.DrawFn, number: int) -> list[Turn]:
    """What the assistant says and calls, and what the user gives back."""
    parts: list[Part] = []
    for _ in range(draw(st.integers(0, 3))):
        # Two neighbouring thoughts are one thought in some dialects.
        if parts and isinstance(parts[-1], Reasoning):
            parts.append(draw(texts))
        else:
            parts.append(draw(st.one_of(texts, thoughts())))
    parts = [
        dataclasses.replace(p, cache=None) if isinstance(p, Text) else p for p in parts
    ]
    calls = [
        ToolCall(id=f"call_{number}_{i}", name=draw(names), arguments=draw(arguments))
        for i in range(draw(st.integers(0, 3)))
    ]
    results: list[Part] = [
        ToolResult(
            call_id=call.id,
            content=tuple(draw(st.lists(st.one_of(texts, images), max_size=2))),
            is_error=draw(st.booleans()),
            cache=draw(marks),
        )
        for call in calls
    ]
    said = draw(st.lists(st.one_of(texts, images, documents), max_size=2))
    system = draw(st.lists(texts, max_size=1))
    return [
        Turn(role=Role.ASSISTANT, parts=(*parts, *calls)),
        Turn(role=Role.USER, parts=(*results, *said)),
        Turn(role=Role.SYSTEM, parts=tuple(system)),
    ]


@st.composite
def turns(draw: st.DrawFn) -> tuple[Turn, ...]:
    """A conversation in canonical form."""
    made = [
        Turn(role=Role.SYSTEM, parts=tuple(draw(st.lists(texts, max_size=2)))),
        Turn(role=Role.DEVELOPER, parts=tuple(draw(st.lists(texts, max_size=1)))),
        Turn(role=Role.USER, parts=(draw(texts),)),
    ]
    for number in range(draw(st.integers(0, 2))):
        made += draw(rounds(number))
    return canonical(made)


formats = st.none() | st.builds(
    OutputFormat,
    schema=st.none() | schemas,
    name=st.none() | names.filter(lambda name: name != "answer"),
    strict=st.booleans(),
).map(lambda f: OutputFormat() if f.schema is None else f)
samplings = st.builds(
    Sampling,
    temperature=st.none() | st.sampled_from([0, 0.5, 1, 1.5]),
    top_p=st.none() | st.just(0.5),
    top_k=st.none() | st.just(40),
    frequency_penalty=st.none() | st.just(0.25),
    presence_penalty=st.none() | st.just(0.25),
    seed=st.none() | st.just(7),
    stop=st.lists(words, max_size=2).map(tuple),
    logprobs=st.none() | st.integers(0, 3),
)
controls = st.builds(
    ReasoningControl,
    effort=st.sampled_from([None, "low", "high"]),
    budget=st.sampled_from([None, 0, 1024, 4096, 60000]),
    visible=st.booleans(),
)


@st.composite
def dialogues(draw: st.DrawFn) -> Dialogue:
    """Any request that needs no dialect's own kinds of tools."""
    declared = draw(st.lists(tools, max_size=3, unique_by=lambda tool: tool.name))
    choices: list[Any] = [
        None,
        ToolChoice(choice=Choice.NONE),
        ToolChoice(choice=Choice.REQUIRED),
    ]
    choices += [ToolChoice(choice=Choice.NAMED, name=t.name) for t in declared]
    return Dialogue(
        model="m",
        turns=draw(turns()),
        tools=tuple(declared),
        tool_choice=draw(st.sampled_from(choices)),
        parallel_calls=draw(st.booleans()),
        output_bound=draw(st.sampled_from([None, 100, 9000])),
        sampling=draw(samplings),
        reasoning=draw(controls),
        output_format=draw(formats),
        verbosity=draw(st.sampled_from([None, "low"])),
        user=draw(st.sampled_from([None, "u", "u" * 65])),
        cache_key=draw(st.none() | names),
        stream=draw(st.booleans()),
    )
