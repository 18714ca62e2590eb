"""What one dialect says arrives in another, and what does not is exactly what is listed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from faregate.protocols.codec import RequestHead
from faregate.protocols.dialects import WriteOptions
from faregate.protocols.dialogue import Dialogue
from faregate.protocols.translation.table import DIALECTS
from faregate.protocols.translation.translator import path_of
from tests.protocols.dialogues import dialogues
from tests.protocols.laws import arrives


def head_of(dialect: str, asked: Dialogue) -> RequestHead:
    path, query = path_of(dialect, asked.model, stream=asked.stream)
    return RequestHead(method="POST", path=path, query=query)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(asked=dialogues())
@settings(max_examples=30, deadline=None)
def test_a_request_arrives_but_for_the_listed_losses(
    dialect: str, asked: Dialogue
) -> None:
    written = DIALECTS[dialect].write(asked, WriteOptions())
    expected, lost = arrives(asked, dialect)
    read = DIALECTS[dialect].read(head_of(dialect, asked), written.body)
    assert read.dialogue == expected
    assert written.losses == lost
    assert read.losses == frozenset()


@pytest.mark.parametrize("dialect", DIALECTS)
@given(asked=dialogues())
@settings(max_examples=10, deadline=None)
def test_what_arrived_loses_nothing_more(dialect: str, asked: Dialogue) -> None:
    table = DIALECTS[dialect]
    head = head_of(dialect, asked)
    first = table.read(head, table.write(asked, WriteOptions()).body).dialogue
    again = table.write(first, WriteOptions())
    assert table.read(head, again.body).dialogue == first
