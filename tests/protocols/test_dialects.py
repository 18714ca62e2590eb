from __future__ import annotations

import pytest

from faregate.protocols.dialects import AnswerForm
from faregate.protocols.translation.table import DIALECTS


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_is_found_by_its_own_name(name: str) -> None:
    assert DIALECTS[name].name == name


@pytest.mark.parametrize("name", DIALECTS)
def test_streams_are_event_streams_unless_the_client_wants_an_array(name: str) -> None:
    dialect = DIALECTS[name]
    form = AnswerForm(request_id="r", model="m", created=1)
    assert dialect.content_type(form).partition(";")[0] == "text/event-stream"
    array = AnswerForm(request_id="r", model="m", created=1, sse=False)
    wanted = (
        "application/json"
        if "gemini" in dialect.decoder.__module__
        else "text/event-stream"
    )
    assert dialect.content_type(array).startswith(wanted)
