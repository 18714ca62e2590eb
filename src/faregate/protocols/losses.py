"""What a translation cannot carry over, as a closed set.

Owns the names, which stand in a response header and in the docs. What cannot be left
out without changing the question is no loss: such a request is refused.
"""

from __future__ import annotations

from enum import StrEnum


class Loss(StrEnum):
    """Something that one dialect says and the other cannot."""

    CACHE_CONTROL = "cache_control"
    """Cache marks: the other dialect caches by itself or not at all."""
    CACHE_KEY = "cache_key"
    """The key that steers requests to one cache."""
    TEXT_PARTS = "text_parts"
    """Several text parts of one message became one text."""
    SYSTEM_PLACE = "system_place"
    """A system message inside the conversation became marked user text."""
    DEVELOPER_ROLE = "developer_role"
    """The developer role became the system role."""
    REASONING = "reasoning"
    """Reasoning of earlier turns was left out."""
    REASONING_SEAL = "reasoning_seal"
    """A signature or encrypted reasoning of another dialect was left out."""
    REASONING_CONTROL = "reasoning_control"
    """How much to reason was left out, or became a coarser level."""
    TOOL_ERROR_FLAG = "tool_error_flag"
    """That a tool's result is an error is not marked any more."""
    TOOL_RESULT_MEDIA = "tool_result_media"
    """Images of a tool's result became a user message after it."""
    TOOL_STRICT = "tool_strict"
    """That a tool's schema is to be followed strictly was left out."""
    TOOL_CHOICE = "tool_choice"
    """A restriction of the tools that may be called was left out."""
    PARALLEL_CONTROL = "parallel_control"
    """That tools may not be called in parallel was left out."""
    SERVER_TOOLS = "server_tools"
    """Tools that the provider itself runs were left out."""
    CUSTOM_TOOLS = "custom_tools"
    """Free-text tools became functions with one text argument; grammars are gone."""
    NAMESPACES = "namespaces"
    """Tool namespaces became prefixes of the tools' names."""
    TOOL_ARGUMENTS = "tool_arguments"
    """Arguments of an earlier call that are no JSON object were wrapped in one."""
    TOOL_IDS = "tool_ids"
    """Ids of tool calls were rewritten to what the provider accepts."""
    TOOL_NAMES = "tool_names"
    """Tools' names became shorter or plainer; calls come back under the old ones."""
    OUTPUT_BOUND = "output_bound"
    """The output bound was lowered to what the model can write at most."""
    STRUCTURED_OUTPUT = "structured_output"
    """The schema of the answer became plain JSON mode, or an instruction."""
    IMAGE_DETAIL = "image_detail"
    """The level of detail at which an image is read."""
    DOCUMENT_NAME = "document_name"
    """The file name or title of a document."""
    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    TOP_K = "top_k"
    PENALTIES = "penalties"
    SEED = "seed"
    STOP_SEQUENCES = "stop_sequences"
    LOGPROBS = "logprobs"
    VERBOSITY = "verbosity"
    USER = "user"
    """Who the end user is, as the client says."""
    SERVICE_TIER = "service_tier"
    STORE = "store"
    """That the provider keeps the answer for later reference."""
    FIELDS = "fields"
    """Request fields that only the client's dialect knows."""
    SERVER_BLOCKS = "server_blocks"
    """Results of the provider's own tools in earlier turns were left out."""
    CITATIONS = "citations"
    """Citations and annotations of an earlier answer."""


HEADER = "x-faregate-losses"
"""The response header that lists the losses of a translated request."""


def listed(losses: frozenset[Loss]) -> str:
    """Return losses as the header's value, in alphabetical order."""
    return ", ".join(sorted(losses))
