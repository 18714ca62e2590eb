from __future__ import annotations

import pytest

from faregate.cli.spreadsheet import harmless


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1+1",
        "|calc",
        "%0A",
        "\uff1d1",
        '=HYPERLINK("http://x")',
    ],
)
def test_text_never_begins_like_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["0.41", "a=b", "", "claude-code", 7, 0, 1.5])
def test_everything_else_stays(value: object) -> None:
    assert harmless(value) == value


def test_what_json_calls_otherwise() -> None:
    assert (harmless(None), harmless(True), harmless(False)) == ("", "true", "false")
