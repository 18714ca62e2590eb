"""The paths of the generateContent dialect: model and verb stand in the path.

Owns their form. Anything else, encoded characters too, is no path of this dialect.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from faregate.core.facts import Work

_PATH = re.compile(r"/v1(?:beta)?/models/([^?#%]+):([A-Za-z]+)")

VERBS: dict[str, Work] = {
    "generateContent": Work.GENERATION,
    "streamGenerateContent": Work.GENERATION,
    "countTokens": Work.TOKEN_COUNT,
}
STREAMING = "streamGenerateContent"


class Endpoint(NamedTuple):
    """What a path names."""

    model: str
    verb: str
    work: Work


def read_path(path: str) -> Endpoint | None:
    """Return what a path names; None when it is none of this dialect's."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    model, verb = match.groups()
    work = VERBS.get(verb)
    return None if work is None else Endpoint(model, verb, work)
