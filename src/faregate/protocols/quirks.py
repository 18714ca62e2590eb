"""What a compatible provider takes in a request that not every one of its kind does.

Owns the names that a provider's entry declares. What is not declared is not sent: a
field or role that a server does not know can cost the whole request.
"""

from __future__ import annotations

DEVELOPER_ROLE = "developer_role"
"""Messages of the role "developer"."""

SYSTEM_ANYWHERE = "system_anywhere"
"""System messages after the first message of another role."""

TEXT_PARTS = "text_parts"
"""Content as a list of text parts, in every role."""

REASONING_BACK = "reasoning_back"
"""Reasoning of earlier turns as `reasoning_content`; some ask for it in tool loops."""

REASONING_EFFORT = "reasoning_effort"
"""The field `reasoning_effort`."""

CACHE_MARKS = "cache_marks"
"""`cache_control` in the parts of a chat."""

JSON_OBJECT_ONLY = "json_object_only"
"""JSON mode without a schema."""

FIXED_SAMPLING = "fixed_sampling"
"""Sampling fields are refused unless they have the one allowed value."""

CHAT_TOP_K = "chat_top_k"
"""The field `top_k` in a chat."""

OPENAI_FIELDS = "openai_fields"
"""The younger fields of OpenAI's own API: verbosity, prompt_cache_key."""

KNOWN_QUIRKS = frozenset(
    {
        DEVELOPER_ROLE,
        SYSTEM_ANYWHERE,
        TEXT_PARTS,
        REASONING_BACK,
        REASONING_EFFORT,
        CACHE_MARKS,
        JSON_OBJECT_ONLY,
        FIXED_SAMPLING,
        CHAT_TOP_K,
        OPENAI_FIELDS,
    }
)
