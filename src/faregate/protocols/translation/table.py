"""The dialects that are translated, each with its two readers and two writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.anthropic_messages import decode_answer as messages_answers
from faregate.protocols.anthropic_messages import decode_request as messages_requests
from faregate.protocols.anthropic_messages import encode_answer as messages_out
from faregate.protocols.anthropic_messages import encode_request as messages_in
from faregate.protocols.anthropic_messages.request import PROTOCOL as MESSAGES
from faregate.protocols.dialects import Dialect
from faregate.protocols.gemini import decode_answer as gemini_answers
from faregate.protocols.gemini import decode_request as gemini_requests
from faregate.protocols.gemini import encode_answer as gemini_out
from faregate.protocols.gemini import encode_request as gemini_in
from faregate.protocols.gemini.request import PROTOCOL as GENERATE_CONTENT
from faregate.protocols.openai_chat import decode_answer as chat_answers
from faregate.protocols.openai_chat import decode_request as chat_requests
from faregate.protocols.openai_chat import encode_answer as chat_out
from faregate.protocols.openai_chat import encode_request as chat_in
from faregate.protocols.openai_chat.request import PROTOCOL as CHAT
from faregate.protocols.openai_responses import decode_answer as responses_answers
from faregate.protocols.openai_responses import decode_request as responses_requests
from faregate.protocols.openai_responses import encode_answer as responses_out
from faregate.protocols.openai_responses import encode_request as responses_in
from faregate.protocols.openai_responses.request import PROTOCOL as RESPONSES

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECTS: Mapping[str, Dialect] = {
    CHAT: Dialect(
        name=CHAT,
        read=chat_requests.read_request,
        write=chat_in.write_request,
        decoder=chat_answers.ChatDecoder,
        encoder=chat_out.ChatEncoder,
    ),
    RESPONSES: Dialect(
        name=RESPONSES,
        read=responses_requests.read_request,
        write=responses_in.write_request,
        decoder=responses_answers.ResponsesDecoder,
        encoder=responses_out.ResponsesEncoder,
    ),
    MESSAGES: Dialect(
        name=MESSAGES,
        read=messages_requests.read_request,
        write=messages_in.write_request,
        decoder=messages_answers.MessagesDecoder,
        encoder=messages_out.MessagesEncoder,
    ),
    GENERATE_CONTENT: Dialect(
        name=GENERATE_CONTENT,
        read=gemini_requests.read_request,
        write=gemini_in.write_request,
        decoder=gemini_answers.GenerateContentDecoder,
        encoder=gemini_out.GenerateContentEncoder,
        content_type=gemini_out.content_type,
    ),
}
PREFERRED = (CHAT, MESSAGES, RESPONSES, GENERATE_CONTENT)
"""Which dialect of a provider a request is translated to, the first that it has."""
