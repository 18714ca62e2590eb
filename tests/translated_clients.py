"""Tool loops of the vendors' SDKs, and of a plain Gemini client; tests import it.

Each loop asks until no tool is called any more, answers every call with "seen NAME",
and returns the last text.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import anthropic
import openai

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
MOST_TURNS = 5


def chat(root: str, token: str, model: str, *, stream: bool) -> str:
    """OpenAI's SDK over Chat Completions."""
    with openai.OpenAI(base_url=f"{root}/v1", api_key=token, max_retries=0) as client:
        tool = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
        messages: list[Any] = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "look"},
        ]
        for _ in range(MOST_TURNS):
            asked: Any = {"model": model, "messages": messages, "tools": [tool]}
            if stream:
                with client.chat.completions.stream(
                    **asked, stream_options={"include_usage": True}
                ) as answer:
                    whole = answer.get_final_completion()
            else:
                whole = client.chat.completions.create(**asked)
            assert whole.usage is not None
            said = whole.choices[0].message
            if not said.tool_calls:
                return str(said.content)
            messages.append(said.model_dump(exclude_none=True, exclude={"parsed"}))
            for call in said.tool_calls:
                seen = f"seen {json.loads(call.function.arguments)['path']}"
                result = {"role": "tool", "tool_call_id": call.id, "content": seen}
                messages.append(result)
        return "no answer"


def responses(root: str, token: str, model: str, *, stream: bool) -> str:
    """OpenAI's SDK over Responses, stateless as Codex is."""
    with openai.OpenAI(base_url=f"{root}/v1", api_key=token, max_retries=0) as client:
        tool = {"type": "function", "name": "look", "parameters": SCHEMA}
        items: list[Any] = [{"role": "user", "content": "look"}]
        for _ in range(MOST_TURNS):
            asked: Any = {
                "model": model,
                "input": items,
                "tools": [tool],
                "store": False,
            }
            asked["instructions"] = "Be brief."
            if stream:
                with client.responses.stream(**asked) as answer:
                    said = answer.get_final_response()
            else:
                said = client.responses.create(**asked)
            assert said.usage is not None
            calls = [item for item in said.output if item.type == "function_call"]
            if not calls:
                return str(said.output_text)
            items += [item.model_dump(exclude_none=True) for item in said.output]
            for item in items:
                item.pop("status", None)
                item.pop("parsed_arguments", None)
            items += [
                {
                    "type": "function_call_output",
                    "call_id": call.call_id,
                    "output": f"seen {json.loads(call.arguments)['path']}",
                }
                for call in calls
            ]
        return "no answer"


def messages(root: str, token: str, model: str, *, stream: bool) -> str:
    """Anthropic's SDK."""
    with anthropic.Anthropic(base_url=root, api_key=token, max_retries=0) as client:
        turns: list[Any] = [{"role": "user", "content": "look"}]
        for _ in range(MOST_TURNS):
            asked: Any = {
                "model": model,
                "max_tokens": 2000,
                "system": "Be brief.",
                "messages": turns,
                "tools": [{"name": "look", "input_schema": SCHEMA}],
            }
            if stream:
                with client.messages.stream(**asked) as answer:
                    said = answer.get_final_message()
            else:
                said = client.messages.create(**asked)
            assert said.usage.output_tokens > 0
            uses = [block for block in said.content if block.type == "tool_use"]
            if not uses:
                return "".join(b.text for b in said.content if b.type == "text")
            turns.append(
                {"role": "assistant", "content": [_sent(b) for b in said.content]}
            )
            results = [
                {
                    "type": "tool_result",
                    "tool_use_id": use.id,
                    "content": [{"type": "text", "text": f"seen {use.input['path']}"}],
                }
                for use in uses
            ]
            turns.append({"role": "user", "content": results})
        return "no answer"


def _sent(block: Any) -> Any:
    kept = block.model_dump(exclude_none=True)
    kept.pop("parsed_output", None)
    return kept


def gemini(root: str, token: str, model: str, *, stream: bool) -> str:
    """A plain client of generateContent, with SSE."""
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    contents: list[Any] = [{"role": "user", "parts": [{"text": "look"}]}]
    for _ in range(MOST_TURNS):
        asked = {
            "contents": contents,
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "tools": [
                {"functionDeclarations": [{"name": "look", "parameters": SCHEMA}]}
            ],
        }
        parts: list[Any] = []
        usage: Any = None
        for chunk in _answers(f"{root}/v1beta/models/{model}:{verb}", token, asked):
            parts += chunk["candidates"][0]["content"]["parts"]
            usage = chunk.get("usageMetadata") or usage
        assert usage["totalTokenCount"] > 0
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        if not calls:
            return "".join(p.get("text", "") for p in parts if not p.get("thought"))
        contents.append({"role": "model", "parts": parts})
        results = [
            {
                "functionResponse": {
                    "id": call["id"],
                    "name": call["name"],
                    "response": {"output": f"seen {call['args']['path']}"},
                }
            }
            for call in calls
        ]
        contents.append({"role": "user", "parts": results})
    return "no answer"


def asked_plainly(url: str, token: str, asked: Any) -> bytes:
    """Ask without any SDK; return the whole answer."""
    headers = {"content-type": "application/json", "x-goog-api-key": token}
    request = urllib.request.Request(url, json.dumps(asked).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as response:
        found: bytes = response.read()
    return found


def _answers(url: str, token: str, asked: Any) -> Iterator[Any]:
    """Ask, and yield each answer of a stream, or the one."""
    body = asked_plainly(url, token, asked)
    if not body.startswith(b"data:"):
        yield json.loads(body)
        return
    for line in body.splitlines():
        if line.startswith(b"data: "):
            yield json.loads(line[6:])
