"""Building requests for the codecs, and tables of input that each must refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faregate.protocols.codec import RequestHead
from faregate.protocols.registry import codec_for

if TYPE_CHECKING:
    from faregate.core.facts import RequestFacts
    from faregate.protocols.codec import Codec


def codec_at(path: str) -> Codec:
    found = codec_for("POST", path)
    assert found is not None
    return found[0]


def inspect(path: str, body: dict[str, Any] | bytes) -> RequestFacts:
    """The facts of a POST to `path`."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return codec_at(path).inspect(RequestHead(method="POST", path=path), data)


# What no protocol takes as a bound on output.
NO_BOUNDS = [0, -1, 1.5, 1.0, "100", True, [], {}, 2**53 + 1, 2**63, 10**400]

NO_FLAGS = ["yes", 1, 0, [], {}]

NO_OBJECTS = [b"", b"null", b"[]", b'"x"', b"1", b'{"model":', b"{}{}", b"\xff"]
