"""Messages as agents send them, and now and then as they do not."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KINDS = [
    "user",
    "assistant",
    "model",
    "tool",
    "tool_use",
    "tool_result",
    "text",
    "thinking",
    "message",
    "function_call",
    "function_call_output",
    "local_shell_call",
    "mcp_call",
    "image",
]

texts = st.text(alphabet='a"\\n\u00e9', max_size=3)
nearly: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 1, "x", "", [], {}, ["x"], [{}], [{"text": 1}]]
)


def either(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what agents send, and now and then what they do not."""
    return st.one_of(usual, usual, usual, nearly)


contents = either(
    texts
    | st.lists(
        st.fixed_dictionaries({"type": st.just("text"), "text": texts}), max_size=2
    )
)
blocks = st.dictionaries(
    st.sampled_from(["type", "text", "id", "name", "input", "content", "is_error"]),
    st.none() | texts,
).flatmap(
    lambda odd: st.fixed_dictionaries(
        {},
        optional={
            "type": either(st.sampled_from(KINDS)),
            "text": either(texts),
            "id": either(texts),
            "name": either(texts),
            "input": either(st.just({"a": [1]}) | texts),
            "tool_use_id": either(texts),
            "content": contents,
            "is_error": either(st.booleans()),
            "refusal": texts,
        },
    ).map(lambda block: {**odd, **block})
)
spoken = st.fixed_dictionaries(
    {"role": either(st.sampled_from(["user", "assistant", "tool", "developer"]))},
    optional={
        "content": either(texts | st.lists(blocks | texts, max_size=3)),
        "tool_call_id": either(texts),
        "function_call": st.none() | st.just({"name": "f", "arguments": "{}"}),
        "tool_calls": either(
            st.lists(
                st.fixed_dictionaries(
                    {"id": either(texts)},
                    optional={
                        "function": either(
                            st.fixed_dictionaries(
                                {"name": either(texts)},
                                optional={"arguments": either(texts), "input": texts},
                            )
                        ),
                        "custom": st.just({"name": "c", "input": "i"}),
                    },
                ),
                max_size=2,
            )
        ),
    },
)
