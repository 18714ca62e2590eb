"""A codec made of parts."""

from __future__ import annotations

from faregate.core.refusal import Refusal, RefusalCode
from faregate.protocols.codec import Answer
from faregate.protocols.registry import CODECS


def test_a_meter_is_fresh_each_time() -> None:
    for codec in CODECS:
        one = codec.meter(strip_usage=False, flags=frozenset())
        one.feed(b'data: {"error":{"message":"x"}}\n\n')
        two = codec.meter(strip_usage=False, flags=frozenset())
        assert two.answer() == Answer()


def test_refusals_are_json_and_events_are_sse() -> None:
    refusal = Refusal(code=RefusalCode.PAUSED, message="Paused.")
    for codec in CODECS:
        assert codec.refusal_body(refusal, "r").startswith(b"{")
        assert codec.error_event(refusal, "r").endswith(b"\n\n")
