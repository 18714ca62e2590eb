"""Which columns go first as a terminal gets narrower: never money, and money never cut.

Pure arrangement: every table, every width from 40 to 160.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from faregate.core.money import Money
from faregate.tui import (
    approval_table,
    flight_table,
    hold_table,
    provider_table,
    request_table,
    session_table,
    sum_table,
)
from faregate.tui.glyphs import UNICODE
from faregate.tui.panels import burn, cap, header, session_detail, waiting_banner
from faregate.tui.panels.approval_card import card_lines
from faregate.tui.panels.request_detail import cost_lines
from faregate.tui.session_table import SessionTable, Sort
from faregate.tui.table_layout import CURSOR_WIDTH, Column, Row, lay_out
from tests.control import scenes
from tests.tui.cost_scene import BY, EXPLAINED, REQUESTS, request, total
from tests.tui.drawing import text, view_of
from tests.tui.smoked import ALL_WELL, NO_USAGE
from tests.tui.test_hold_table import HOLDS, hold
from tests.tui.waiting_scene import URGENT, waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faregate.tui.lines import Line
    from faregate.tui.view import View

WIDTHS = range(160, 39, -1)
BORDER = 2
_NARROWEST_BILL = 50
"""Below it a price of tokens is cut, though no amount: it stands at the end."""
RICH = "1234.5678"
MONEY = {
    "spend", "rate", "cost", "held", "amount", "unknown", "wasted", "accepted",
}  # fmt: skip
AMOUNT = re.compile(r"[~<(]?\$\d[\d,]*(?:\.\d+)?(?:/[hM])?\)?")


def _view() -> View:
    scene = waiting()
    rich = scenes.session(
        "rich", cost=RICH, usd_per_hour="0.0042", cost_source="mixed", unpriced=2
    )
    day = scenes.budget(RICH, "2000", scope="workspace:of-a-long-name", window="day")
    status = replace(
        scene.status,
        sessions=[*scene.status.sessions, rich],
        budgets=[*scene.status.budgets, day],
    )
    return view_of(replace(scene, status=status))


def _sessions() -> list[Row]:
    view = _view()
    return [*SessionTable().rows(view.shown, view.no_filter, Sort(), UNICODE)]


def _sums(columns: Sequence[Column], by: str) -> list[Row]:
    rich = total(
        "a-name-that-is-long", RICH, unknown="12.3456", wasted="12.34", estimated=1, judged=1,
        cost_per_accepted="13.37",
    )  # fmt: skip
    return sum_table.sum_rows(columns, [*BY[by].rows, rich], Money.usd(RICH))


TABLES: dict[str, tuple[Sequence[Column], Callable[[], list[Row]], str]] = {
    "sessions": (
        session_table.COLUMNS,
        _sessions,
        "context retries cache output input requests agent model",
    ),
    "flights": (
        flight_table.COLUMNS,
        lambda: flight_table.flight_rows(_view()),
        "ttfb provider output model",
    ),
    "requests": (
        request_table.COLUMNS,
        lambda: request_table.request_rows(
            _view(), [*REQUESTS, request("rich", held=RICH)]
        ),
        "took ttft output cache tries provider session model input why",
    ),
    "requests of a session": (
        request_table.OF_ONE_SESSION,
        lambda: request_table.request_rows(_view(), REQUESTS, with_session=False),
        "took ttft output cache tries provider model input why",
    ),
    "waiting": (
        approval_table.COLUMNS,
        lambda: approval_table.approval_rows(_view()),
        "",
    ),
    "holds": (
        hold_table.COLUMNS,
        lambda: hold_table.hold_rows(_view(), [*HOLDS, hold("h9", RICH, "unknown")]),
        "why age model",
    ),
    "month": (
        sum_table.MONTH_COLUMNS,
        lambda: _sums(sum_table.MONTH_COLUMNS, "model"),
        "failed output cache input requests share",
    ),
    "routes": (
        sum_table.ROUTE_COLUMNS,
        lambda: _sums(sum_table.ROUTE_COLUMNS, "route"),
        "ttft escalations fallbacks retries requests failed attempts share",
    ),
    "providers": (
        provider_table.COLUMNS,
        lambda: provider_table.provider_rows(
            _view().shown, [ALL_WELL, NO_USAGE], frozenset()
        ),
        "key errors cache failed ttft",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_columns_go_in_their_order_and_money_never(name: str) -> None:
    columns, make, order = TABLES[name]
    rows = make()
    natural = {
        column.id: max(cell_len(row.cells[place].text) for row in rows)
        for place, column in enumerate(columns)
    }
    gone: list[str] = []
    money = {column.id for column in columns} & MONEY
    for cells in WIDTHS:
        room = cells - BORDER
        layout = lay_out(columns, natural, room, margin=CURSOR_WIDTH + 1)
        shown = {placed.column.id for placed in layout.placed}
        missing = [each.id for each in columns if each.id not in shown]
        assert set(gone) <= set(missing), f"{name} at {cells}: a column came back"
        gone += sorted(set(missing) - set(gone), key=order.split().index)
        edge = CURSOR_WIDTH
        for placed in layout.placed:
            edge += placed.width
            if placed.column.id in money:
                assert placed.width >= natural[placed.column.id], (cells, placed)
                assert edge <= room, f"{name} at {cells}: {placed.column.id} is cut"
            edge += layout.gap
        assert money <= shown, (cells, missing)
    assert gone == order.split()[: len(gone)]
    droppable = {column.id for column in columns if column.drop is not None}
    assert droppable == set(order.split())


def test_every_table_of_the_screen_is_looked_at() -> None:
    known = {id(columns) for columns, _, _ in TABLES.values()}
    for module in (
        approval_table, flight_table, hold_table, provider_table, request_table,
        session_table,
    ):  # fmt: skip
        assert id(module.COLUMNS) in known


def _card(view: View, cells: int, _height: int) -> list[Line]:
    return card_lines(view, URGENT, 77.0, None, cells)


def _bill(_view: View, cells: int, _height: int) -> list[Line]:
    return cost_lines(EXPLAINED["req-17"])


PANELS: dict[str, Callable[[View, int, int], Sequence[Line]]] = {
    "cap": cap.cap_lines,
    "strip": cap.strip_lines,
    "banner": cap.banner_lines,
    "burn": burn.burn_lines,
    "header": header.header_lines,
    "waits": waiting_banner.waiting_lines,
    "card": _card,
    "bill": _bill,
    "spend": lambda view, cells, _height: session_detail.spend_lines(
        view.shown.sessions["rich"], cells
    ),
}


@pytest.mark.parametrize("name", PANELS)
def test_no_amount_of_a_panel_is_cut(name: str) -> None:
    scene = replace(scenes.capped(), approvals=[URGENT])
    for view in (_view(), view_of(scene)):
        if name == "spend" and "rich" not in view.shown.sessions:
            continue
        for cells in WIDTHS:
            if name == "bill" and cells < _NARROWEST_BILL:
                continue
            for line in PANELS[name](view, cells - 4, 30):
                painted = view.ink.paint(line, cells - 4).text
                said = AMOUNT.findall(text(line))
                assert AMOUNT.findall(painted) == said, (name, cells, text(line))


def test_four_decimals_are_paid_by_names_and_cost_no_column() -> None:
    def shown(cells: int, cost: str, rate: str) -> set[str]:
        made = [
            scenes.session("a", workspace="webshop", task="feat-pay", cost=cost),
            scenes.session("b", cost="8.42", usd_per_hour=rate),
        ]
        view = view_of(scenes.snapshot(sessions=made))
        rows = SessionTable().rows(view.shown, view.no_filter, Sort(), UNICODE)
        columns = session_table.COLUMNS
        natural = {
            column.id: max(cell_len(row.cells[place].text) for row in rows)
            for place, column in enumerate(columns)
        }
        layout = lay_out(
            columns, natural, cells, margin=CURSOR_WIDTH + 1, lent=rows.lent
        )
        wide = sum(each.width for each in layout.placed)
        assert wide + layout.gap * (len(layout.placed) - 1) <= cells - CURSOR_WIDTH - 1
        return {each.column.id for each in layout.placed}

    for cells in range(60, 161):
        assert shown(cells, "0.01", "0.01") <= shown(cells, "0.0031", "0.0042"), cells
