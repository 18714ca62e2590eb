"""What a stranger could send, put into everything that a proxy tells."""

from __future__ import annotations

import re
from itertools import count
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

MARK = "RVZJTA"
EVILS = (
    f"\x1b]52;c;{MARK}==\x07",  # writes the clipboard
    f"\x1b[2J{MARK}",  # clears the screen
    f"\x1b[5;5H{MARK}",  # moves the cursor
    f"\x9b31m{MARK}",  # colours, by the one-byte form
    f"\x1b]0;{MARK}\x07",  # sets the title
    f"\x9d0;{MARK}\x9c",  # the same in one-byte forms
    f"\x1b]8;;http://{MARK}.example\x1b\\click\x1b]8;;\x1b\\",
    f"\x1bP+q{MARK}\x1b\\",  # asks the terminal for something
    f"\x1bc\x0f\x0e{MARK}",  # resets, switches alphabets
    f"[red]{MARK}[/red][bold",  # markup
    f"[@click=app.quit]{MARK}[/]",
    f"[link=http://{MARK}.example]x[/link]",
    f"<script>{MARK}</script>",
    f"gpj\u202eexe{MARK}\u2066",  # turns the direction of writing
    f"a\u200b\u200d\ufeff{MARK}\u00ad",  # takes no cell
    f"\r\n{MARK}\n\tline",  # begins lines of its own
    f"日本語\u0300\u0301{MARK}",  # takes two cells, or none
    f"\U000e0041\ufe0f{MARK}\x7f\x08",
)
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""What may not reach a terminal as text; line feeds and escapes are looked at apart."""

_MEANT = {
    "state", "cost_source", "severity", "kind", "result", "breaker", "decision",
    "verdict", "group", "window", "limit", "protocol", "by", "step", "readiness",
    "attempt", "resets_at", "scope", "openai_base_url", "anthropic_base_url",
    "gemini_base_url", "url",
}  # fmt: skip
"""Fields whose words steer the screen: a proxy could not say anything else there."""
_FIGURE = re.compile(r"[-\d.]+|\d{4}-\d\d-\d\dT.*|\d{4}-\d\d-\d\d")


def poison(told: T, kind: Any = None) -> T:
    """Return `told` with every free text in it replaced by something hostile.

    The words it had stay behind, so that what belongs together still does.
    """
    fresh = count()
    plain = _poisoned(msgspec.to_builtins(told), "", fresh)
    read: T = msgspec.convert(plain, kind or type(told))
    return read


def evil(text: str) -> str:
    """Return a name that is hostile, the same one each time."""
    return f"{EVILS[sum(text.encode()) % len(EVILS)]}{text}"


def _poisoned(value: Any, name: str, fresh: count[int]) -> Any:
    match value:
        case dict():
            return {key: _poisoned(each, key, fresh) for key, each in value.items()}
        case list():
            return [_poisoned(each, name, fresh) for each in value]
        case str() if value and name not in _MEANT and not _FIGURE.fullmatch(value):
            if name in {"id", "session", "root", "parent", "request", "root_session"}:
                return evil(value)
            return f"{EVILS[next(fresh) % len(EVILS)]}{value}"
        case _:
            return value


OURS = re.compile(
    r"\x1b\[[\d;:]*m"  # styles
    r"|\x1b\[\d+;\d+H"  # where the next painted text goes
    r"|\x1b\[\?\d+[hl]|\x1b\[\?\d+\$p"  # modes of the terminal, and questions
    r"|\x1b\[[<>=]\d*u|\x1b\[\?u"  # keyboard
    r"|\x1b\[(?:22|23);[02]t"  # the title is kept and given back
    r"|\x1b\[0?[ABCDHJK]|\x1b\[2J"
    r"|\x1b\]0;[‖▲■○\d%$./h ]*faregate\x07"
    r"|\x1b\]9;faregate: [ -~]*\x07"
    r"|\x1b\]22;[a-z]*(?:\x07|\x1b\\)"  # the shape of the mouse's pointer
    r"|\x1b\[c|\x1b\[>c|\x1b\[6n|\x1b\[14t|\x1b\[16t"
    r"|\x1b\[>4;\d+m|\x1b\[\d q|\x1b7|\x1b8|\x1b\[s|\x1b\[u"
)
"""Every control sequence that our own screen may send."""


def foreign(sent: str) -> list[str]:
    """Return what reached the terminal that is neither text nor a sequence of ours."""
    text = OURS.sub("", sent)
    found = [text[max(at - 20, 0) : at + 40] for at in _places(text, "\x1b")]
    return found + [repr(each) for each in UNSEEN.findall(text.replace("\x07", ""))]


def _places(text: str, what: str) -> list[int]:
    return [each.start() for each in re.finditer(re.escape(what), text)]
