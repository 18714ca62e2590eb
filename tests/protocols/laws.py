"""What each dialect cannot say, as changes to a request; tests import it.

A law takes a request and returns it as it arrives. A loss has to be listed exactly
where its law changes something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from faregate.protocols.dialogue import (
    Choice,
    Dialogue,
    Document,
    Image,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningControl,
    Role,
    Sampling,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    canonical,
    unmarked,
)
from faregate.protocols.losses import Loss
from faregate.protocols.sampling import budget_of, effort_of

Law = Callable[[Dialogue], Dialogue]
PartLaw = Callable[[Part], Part | None]


def each_part(change: PartLaw) -> Law:
    """A law that concerns single parts."""

    def law(asked: Dialogue) -> Dialogue:
        made = []
        for turn in asked.turns:
            parts = [change(part) for part in turn.parts]
            kept = tuple(part for part in parts if part is not None)
            made.append(replace(turn, parts=kept))
        return replace(asked, turns=canonical(made))

    return law


def each_turn(change: Callable[[Turn], Turn]) -> Law:
    def law(asked: Dialogue) -> Dialogue:
        return replace(asked, turns=canonical(change(turn) for turn in asked.turns))

    return law


def sampling(**gone: tuple[str, ...] | None) -> Law:
    return lambda asked: replace(asked, sampling=replace(asked.sampling, **gone))  # type: ignore[arg-type]


def system_place(asked: Dialogue) -> Dialogue:
    made: list[Turn] = []
    for turn in asked.turns:
        system = turn.role in {Role.SYSTEM, Role.DEVELOPER}
        if system and any(t.role in {Role.USER, Role.ASSISTANT} for t in made):
            parts = tuple(
                replace(p, text=f"<system-reminder>\n{p.text}\n</system-reminder>")
                for p in turn.parts
                if isinstance(p, Text)
            )
            made.append(Turn(role=Role.USER, parts=parts))
        else:
            made.append(turn)
    return replace(asked, turns=canonical(made))


def developer_role(turn: Turn) -> Turn:
    return replace(turn, role=Role.SYSTEM) if turn.role is Role.DEVELOPER else turn


def no_seal_but(own: str | None) -> PartLaw:
    def change(part: Part) -> Part | None:
        if not isinstance(part, Reasoning) or part.seal is None:
            return part
        if part.seal.origin == own:
            return part
        return replace(part, seal=None) if part.text else None

    return change


def no_unsealed(part: Part) -> Part | None:
    return None if isinstance(part, Reasoning) and part.seal is None else part


def no_error_flag(part: Part) -> Part:
    return replace(part, is_error=False) if isinstance(part, ToolResult) else part


def no_detail(part: Part) -> Part:
    if isinstance(part, ToolResult):
        content = tuple(
            replace(p, detail=None) if isinstance(p, Image) else p for p in part.content
        )
        return replace(part, content=content)
    return replace(part, detail=None) if isinstance(part, Image) else part


def no_name(part: Part) -> Part:
    return replace(part, name=None) if isinstance(part, Document) else part


def wrapped_arguments(part: Part) -> Part:
    if isinstance(part, ToolCall) and part.arguments == "not json":
        return replace(part, arguments='{"arguments":"not json"}')
    return part


def media_after_results(turn: Turn) -> Turn:
    results: list[Part] = []
    media: list[Part] = []
    others = [p for p in turn.parts if not isinstance(p, ToolResult)]
    for part in turn.parts:
        if isinstance(part, ToolResult):
            pictures = [p for p in part.content if not isinstance(p, Text)]
            if pictures:
                media.append(Text(text=f"The tool call {part.call_id} returned:"))
                media.extend(pictures)
            texts = tuple(p for p in part.content if isinstance(p, Text))
            results.append(replace(part, content=texts))
    return replace(turn, parts=(*results, *media, *others))


def joined(parts: list[Text]) -> tuple[Text, ...]:
    if len(parts) < 2:
        return tuple(parts)
    return (Text(text="\n\n".join(part.text for part in parts)),)


def one_text_a_result(part: Part) -> Part:
    if not isinstance(part, ToolResult):
        return part
    texts = [p for p in part.content if isinstance(p, Text)]
    return replace(part, content=joined(texts))


def one_text_a_message(turn: Turn) -> Turn:
    parts = [one_text_a_result(part) for part in turn.parts]
    results = [p for p in parts if isinstance(p, ToolResult)]
    calls = [p for p in parts if isinstance(p, ToolCall)]
    texts = [p for p in parts if isinstance(p, Text)]
    if len(results) + len(calls) + len(texts) != len(parts):
        # With media the content is a list, and keeps its parts.
        return replace(turn, parts=tuple(parts))
    return replace(turn, parts=(*results, *joined(texts), *calls))


def no_control(asked: Dialogue) -> Dialogue:
    return replace(asked, reasoning=ReasoningControl())


def effort_alone(asked: Dialogue) -> Dialogue:
    control = asked.reasoning
    effort = control.effort
    if effort is None and control.budget is not None:
        effort = effort_of(control.budget)
    made = ReasoningControl(effort=effort, visible=control.visible)
    return replace(asked, reasoning=made)


def thinking_budget(asked: Dialogue) -> Dialogue:
    control = asked.reasoning
    budget = control.budget
    if budget is None and control.effort is not None:
        budget = budget_of(control.effort)
    if budget is not None:
        budget = min(budget, 24576) or None
    made = ReasoningControl(budget=budget, visible=control.visible)
    return replace(asked, reasoning=made)


def thinking_block(asked: Dialogue) -> Dialogue:
    control = asked.reasoning
    budget = control.budget
    if budget is None and control.effort is not None:
        budget = budget_of(control.effort)
    if budget and not fits_thought(asked, budget):
        budget = None
    made = ReasoningControl(budget=budget, visible=bool(budget))
    return replace(asked, reasoning=made)


def fits_thought(asked: Dialogue, budget: int) -> bool:
    choice = asked.tool_choice
    if choice is not None and choice.choice is not Choice.NONE:
        return False
    if asked.sampling.top_k is not None or asked.sampling.temperature not in {None, 1}:
        return False
    if asked.output_bound is None or asked.output_bound <= budget:
        return False
    last = [turn for turn in asked.turns if turn.role is Role.ASSISTANT][-1:]
    return not any(
        any(isinstance(p, ToolCall) for p in turn.parts)
        and not any(isinstance(p, Reasoning) for p in turn.parts)
        for turn in last
    )


def always_strict(asked: Dialogue) -> Dialogue:
    wanted = asked.output_format
    if wanted is None or wanted.schema is None:
        return asked
    made = OutputFormat(schema=wanted.schema, strict=True)
    return replace(asked, output_format=made)


def no_plain_json(asked: Dialogue) -> Dialogue:
    wanted = asked.output_format
    if wanted is not None and wanted.schema is None:
        return replace(asked, output_format=None)
    return always_strict(asked)


def parallel_with_tools(asked: Dialogue) -> Dialogue:
    choice = asked.tool_choice
    none = choice is not None and choice.choice is Choice.NONE
    return replace(asked, parallel_calls=True) if none or not asked.tools else asked


def cooler(asked: Dialogue) -> Dialogue:
    warm = asked.sampling.temperature
    made: Sampling = replace(
        asked.sampling, temperature=None if warm is None else min(1, warm)
    )
    return replace(asked, sampling=made)


def one_of_two(asked: Dialogue) -> Dialogue:
    if asked.sampling.temperature is None:
        return asked
    return replace(asked, sampling=replace(asked.sampling, top_p=None))


def short_user(asked: Dialogue) -> Dialogue:
    return replace(asked, user=None) if len(asked.user or "") > 64 else asked


SYSTEM: list[tuple[Loss, Law]] = [
    (Loss.SYSTEM_PLACE, system_place),
    (Loss.DEVELOPER_ROLE, each_turn(developer_role)),
]
NO_KEY: list[tuple[Loss, Law]] = [
    (Loss.VERBOSITY, lambda asked: replace(asked, verbosity=None)),
    (Loss.CACHE_KEY, lambda asked: replace(asked, cache_key=None)),
]


def sealed(own: str | None) -> list[tuple[Loss, Law]]:
    return [
        (Loss.REASONING_SEAL, each_part(no_seal_but(own))),
        (Loss.REASONING, each_part(no_unsealed)),
    ]


def effort_unseen(asked: Dialogue) -> Dialogue:
    told = effort_alone(asked)
    return replace(told, reasoning=replace(told.reasoning, visible=False))


OPENAI = "openai_chat of its own vendor"
LAWS: dict[str, list[tuple[Loss, Law]]] = {
    OPENAI: [
        *sealed(None),
        (Loss.CACHE_CONTROL, unmarked),
        (Loss.TOOL_RESULT_MEDIA, each_turn(media_after_results)),
        (Loss.TOOL_ERROR_FLAG, each_part(no_error_flag)),
        (Loss.REASONING_CONTROL, effort_unseen),
        (Loss.TOP_K, sampling(top_k=None)),
        (Loss.USER, short_user),
    ],
    "openai_chat": [
        *SYSTEM,
        *sealed(None),
        (Loss.CACHE_CONTROL, unmarked),
        (Loss.TOOL_RESULT_MEDIA, each_turn(media_after_results)),
        (Loss.TOOL_ERROR_FLAG, each_part(no_error_flag)),
        (Loss.TEXT_PARTS, each_turn(one_text_a_message)),
        (Loss.REASONING_CONTROL, no_control),
        (Loss.TOP_K, sampling(top_k=None)),
        (Loss.USER, short_user),
        *NO_KEY,
    ],
    "openai_responses": [
        (Loss.CACHE_CONTROL, unmarked),
        *sealed("openai_responses"),
        (Loss.TOOL_ERROR_FLAG, each_part(no_error_flag)),
        (Loss.REASONING_CONTROL, effort_alone),
        (Loss.TOP_K, sampling(top_k=None)),
        (Loss.PENALTIES, sampling(frequency_penalty=None, presence_penalty=None)),
        (Loss.SEED, sampling(seed=None)),
        (Loss.STOP_SEQUENCES, sampling(stop=())),
        (Loss.LOGPROBS, sampling(logprobs=None)),
        (Loss.USER, short_user),
        *NO_KEY,
    ],
    "anthropic_messages": [
        *SYSTEM,
        *sealed("anthropic_messages"),
        (Loss.IMAGE_DETAIL, each_part(no_detail)),
        (Loss.TOOL_ARGUMENTS, each_part(wrapped_arguments)),
        (Loss.REASONING_CONTROL, thinking_block),
        (Loss.TOP_P, one_of_two),
        (Loss.TEMPERATURE, cooler),
        (Loss.PENALTIES, sampling(frequency_penalty=None, presence_penalty=None)),
        (Loss.SEED, sampling(seed=None)),
        (Loss.LOGPROBS, sampling(logprobs=None)),
        (Loss.STRUCTURED_OUTPUT, no_plain_json),
        (Loss.PARALLEL_CONTROL, parallel_with_tools),
        *NO_KEY,
    ],
    "gemini": [
        *SYSTEM,
        (Loss.REASONING_SEAL, each_part(no_seal_but("gemini"))),
        (Loss.CACHE_CONTROL, unmarked),
        (Loss.TOOL_RESULT_MEDIA, each_turn(media_after_results)),
        (Loss.TEXT_PARTS, each_part(one_text_a_result)),
        (Loss.TOOL_ARGUMENTS, each_part(wrapped_arguments)),
        (Loss.IMAGE_DETAIL, each_part(no_detail)),
        (Loss.DOCUMENT_NAME, each_part(no_name)),
        (
            Loss.TOOL_STRICT,
            lambda asked: replace(
                asked, tools=tuple(replace(t, strict=False) for t in asked.tools)
            ),
        ),
        (Loss.REASONING_CONTROL, thinking_budget),
        (Loss.STRUCTURED_OUTPUT, always_strict),
        (
            Loss.PARALLEL_CONTROL,
            lambda asked: replace(asked, parallel_calls=True),
        ),
        (Loss.USER, lambda asked: replace(asked, user=None)),
        *NO_KEY,
    ],
}


def arrives(asked: Dialogue, dialect: str) -> tuple[Dialogue, frozenset[Loss]]:
    """Return what a dialect keeps of a request, and what it loses."""
    lost: set[Loss] = set()
    for loss, law in LAWS[dialect]:
        after = law(asked)
        if after != asked:
            lost.add(loss)
        asked = after
    return asked, frozenset(lost)
