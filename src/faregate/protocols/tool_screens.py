"""Which dialect's answers can be screened for tool calls, and by what.

Owns the one table. Dialects without tools are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.protocols.anthropic_messages.codec import CODEC as ANTHROPIC_MESSAGES
from faregate.protocols.anthropic_messages.tool_denial import MessagesScreen
from faregate.protocols.chat_denial import ChatScreen
from faregate.protocols.gemini.codec import CODEC as GENERATE_CONTENT
from faregate.protocols.gemini.tool_denial import GenerateContentScreen
from faregate.protocols.openai_chat.codec import CODEC as OPENAI_CHAT
from faregate.protocols.openai_responses.codec import CODEC as OPENAI_RESPONSES
from faregate.protocols.openai_responses.tool_denial import ResponsesScreen

if TYPE_CHECKING:
    from faregate.protocols.screening import CallJudge, Screen

_SCREENS: dict[str, type[Screen]] = {
    OPENAI_CHAT.name: ChatScreen,
    OPENAI_RESPONSES.name: ResponsesScreen,
    ANTHROPIC_MESSAGES.name: MessagesScreen,
    GENERATE_CONTENT.name: GenerateContentScreen,
}


def screen_of(protocol: str, judge: CallJudge) -> Screen | None:
    """Return what screens one answer of this dialect; None where nothing is called."""
    made = _SCREENS.get(protocol)
    return None if made is None else made(judge)
