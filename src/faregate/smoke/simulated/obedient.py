"""A model that does what it is told, as far as the smoke test tells it.

Reads codes, tools, results and formats out of a request's JSON, in any protocol, and
answers with a step that a good model would give. Give it to `SimulatedProvider.match`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from faregate.smoke.simulated.reply import ToolCall
from faregate.smoke.simulated.script import Step

if TYPE_CHECKING:
    from faregate.smoke.simulated.fault import Fault
    from faregate.smoke.simulated.rates import Counts
    from faregate.smoke.simulated.seen import SeenRequest

_CODE = re.compile(r"code ([A-Z]+-\d+)")
_CITIES = re.compile(r"\b(Paris|Rome|Lisbon|New York|S\u00e3o Paulo|Oslo)\b")
_NUMBERS = (
    "one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, "
    "thirteen, fourteen, fifteen, sixteen, seventeen, eighteen, nineteen, twenty, "
    "twenty-one, twenty-two, twenty-three, twenty-four, twenty-five, twenty-six"
)
_CHUNKS = 40
# Kind of request, what marks it, what is answered.
_SAID = (
    ("schema", ("tiny-1",), '{"city": "Paris", "size": "huge-9", "people": 2100000}'),
    ("json", ("JSON object",), '{"capital": "Paris"}'),
    ("stop", ('STOPHERE"]',), "alpha beta gamma "),
    ("stop", ("STOPHERE",), "alpha beta gamma STOPHERE delta epsilon"),
    ("long", ("sixty",), _NUMBERS),
    ("planets", ("planets",), "Mercury, Venus, Earth, Mars, Jupiter, Saturn"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obedient:
    """A matcher; `fault` bends every answer, or those of `only` kinds of request.

    Kinds are "text", "tool", "result", "none" and "schema". `gap` is the time between
    two pieces.
    """

    fault: Fault | None = None
    only: frozenset[str] = frozenset()
    gap: float = 0.0
    usage: Counts | None = None

    def __call__(self, seen: SeenRequest) -> Step:
        """Return the step for a request."""
        kind, step = _answer(seen)
        fault = self.fault if not self.only or kind in self.only else None
        return replace(step, fault=fault, gap=self.gap, usage=self.usage)


def _answer(seen: SeenRequest) -> tuple[str, Step]:
    body = dict(seen.json)
    text = json.dumps(body, ensure_ascii=False)
    if "tools" in body:
        return _with_tools(body, text)
    told = _CODE.findall(text)
    if "forty" in text and told:
        return "text", Step(text=f"{told[0]} {_NUMBERS}", chunks=_CHUNKS)
    for kind, marks, said in _SAID:
        if all(mark in text for mark in marks):
            return kind, Step(text=said, chunks=_CHUNKS)
    return "hello", Step(text=f"Hello {' '.join(told[:1])}".strip())


def _with_tools(body: dict[str, Any], text: str) -> tuple[str, Step]:
    if "station code" in text:
        told = _CODE.findall(text)
        return "result", Step(text=f"It is 17 degrees; the code is {told[-1]}.")
    if _is_forbidden(body) or "Say hello" in text:
        return "none", Step(text="Hello.")
    asked = list(dict.fromkeys(_CITIES.findall(_prompt(body))))
    unit = "fahrenheit" if ", in fahrenheit" in text else "celsius"
    calls = tuple(
        ToolCall(name="get_weather", arguments={"city": city, "unit": unit})
        for city in asked
    )
    return "tool", Step(tools=calls)


def _prompt(body: dict[str, Any]) -> str:
    turns = body.get("messages") or body.get("input") or body.get("contents")
    return json.dumps(turns, ensure_ascii=False)


def _is_forbidden(body: dict[str, Any]) -> bool:
    choice = json.dumps([body.get("tool_choice"), body.get("toolConfig")]).casefold()
    return '"none"' in choice
