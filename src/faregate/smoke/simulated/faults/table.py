"""Every fault by name, ready to use; a new fault is one line here.

Makers with arguments stand here with their defaults; a test that needs others calls
the maker.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from faregate.smoke.simulated.fault import Charge, Fault
from faregate.smoke.simulated.faults import (
    answers,
    bodies,
    connection,
    statuses,
    streams,
    usages,
)
from faregate.smoke.simulated.frames import FrameKind

if TYPE_CHECKING:
    from collections.abc import Mapping

_A_DATE = "Wed, 21 Oct 2065 07:28:00 GMT"

_NAMED: Mapping[str, Fault] = {
    "400": statuses.status(400),
    "401": statuses.status(401),
    "402": statuses.status(402),
    "403": statuses.status(403),
    "404": statuses.status(404),
    "413": statuses.status(413),
    "422": statuses.status(422),
    "429": statuses.status(429),
    "429_after_1": statuses.status(429, retry_after="1"),
    "429_after_3600": statuses.status(429, retry_after="3600"),
    "429_after_date": statuses.status(429, retry_after=_A_DATE),
    "429_after_garbage": statuses.status(429, retry_after="soon"),
    "429_after_negative": statuses.status(429, retry_after="-5"),
    "429_quota": statuses.insufficient_quota(),
    "500": statuses.status(500),
    "500_billed": statuses.status(500, charge=Charge.ALL),
    "502": statuses.status(502),
    "503": statuses.status(503),
    "503_billed": statuses.status(503, charge=Charge.ALL),
    "504": statuses.status(504, message="The gateway gave up."),
    "529": statuses.status(529),
    "reset_before_response": connection.reset_before_response(),
    "reset_when_reused": connection.reset_when_reused(),
    "reset_mid_header": connection.reset_mid_header(),
    "reset_midway": connection.reset_midway(),
    "cut_midway": connection.cut_midway(),
    "stall_before_first_byte": connection.stall_before_first_byte(),
    "stall_after_headers": connection.stall_midway(after=0),
    "stall_midway": connection.stall_midway(),
    "byte_by_byte": connection.drip(),
    "slow_drip": connection.drip(gap=1.0),
    "pings_only": connection.pings_only(),
    "early_hints": connection.early_hints(),
    "error_first": streams.error_first(),
    "error_midway": streams.error_midway(),
    "clean_end": streams.clean_end(),
    "clean_end_midway": streams.clean_end(after=4),
    "no_done": streams.without(FrameKind.DONE, "no_done"),
    "no_finish": streams.without(FrameKind.TERMINAL, "no_finish"),
    "doubled_end": streams.doubled_end(),
    "data_after_end": streams.data_after_end(),
    "strange_events": streams.strange_events(),
    "empty_data": streams.empty_data(),
    "odd_fields": streams.odd_fields(),
    "many_data_lines": streams.many_data_lines(),
    "no_last_blank_line": streams.no_last_blank_line(),
    "crlf": streams.line_ends(b"\r\n", "crlf"),
    "cr": streams.line_ends(b"\r", "cr"),
    "burst": streams.burst(),
    "comments": streams.comments(),
    "byte_order_mark": streams.byte_order_mark(),
    "null_bytes": streams.null_bytes(),
    "tool_index_huge": streams.tool_indexes("tool_index_huge", lambda n: n + 10**6),
    "tool_index_reused": streams.tool_indexes("tool_index_reused", lambda _: 0),
    "usage_missing": usages.missing(),
    "usage_null": usages.null(),
    "usage_negative": usages.negative(),
    "usage_text": usages.text(),
    "usage_huge": usages.huge(),
    "usage_twice": usages.twice(),
    "usage_decreasing": usages.decreasing(),
    "usage_cumulative": usages.cumulative(),
    "usage_unasked": usages.unasked(),
    "usage_in_choice": usages.in_choice(),
    "usage_in_x_groq": usages.in_x_groq(),
    "usage_with_finish": usages.with_finish(),
    "usage_inflated": usages.inflated(),
    "html_page": bodies.html_page(),
    "no_content": bodies.empty(204),
    "empty_body": bodies.empty(200),
    "partial_content": bodies.partial_content(),
    "redirect": bodies.redirect(),
    "gzipped": bodies.gzipped(),
    "gzip_flag_only": bodies.flag_only("gzip"),
    "zstd_flag_only": bodies.flag_only("zstd"),
    "gzip_truncated": bodies.gzip_truncated(),
    "gzip_bomb": bodies.gzip_bomb(),
    "truncated_json": bodies.truncated_json(),
    "wrong_content_type": bodies.wrong_content_type(),
    "long_line": bodies.long_line(),
    "endless": bodies.endless(),
    "blank_lines_first": bodies.blank_lines_first(),
    "stray_headers": bodies.stray_headers(),
    "swapped_model": answers.swapped_model(),
    "tools_as_text": answers.tools_as_text(),
    "escapes": answers.escapes(),
    "empty_answer": answers.empty_answer(),
}

TABLE: Mapping[str, Fault] = MappingProxyType(
    {name: replace(fault, name=name) for name, fault in _NAMED.items()}
)
