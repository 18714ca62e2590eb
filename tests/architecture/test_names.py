"""A module's name says what it owns."""

from __future__ import annotations

import re

from tests.architecture.tree import dotted, modules

SAYS_NOTHING = re.compile(
    r"_*(utils?|utilities|common|helpers?|managers?|base|misc|shared|stuff)(_.*)?"
    r"|.*_(utils?|utilities|common|helpers?|managers?|base|misc)"
)


def test_no_module_name_says_nothing() -> None:
    named = {dotted(path): dotted(path).split(".") for path in modules()}
    assert [
        name
        for name, parts in named.items()
        if any(SAYS_NOTHING.fullmatch(part) for part in parts)
    ] == []
