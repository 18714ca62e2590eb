"""Every screen beyond the overview, by the name that actions use.

Loaded when the first of them is opened: the first frame needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.tui.screens.history import HistoryScreen
from faregate.tui.screens.holds import HoldsScreen
from faregate.tui.screens.limits import LimitsScreen
from faregate.tui.screens.month import MonthScreen
from faregate.tui.screens.requests import RequestsScreen
from faregate.tui.screens.routes import RoutesScreen
from faregate.tui.screens.waiting import WaitingScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.screens.live_screen import LiveScreen
    from faregate.tui.view import View

SCREENS: Mapping[str, Callable[[View, ControlDesk], LiveScreen]] = {
    "requests": RequestsScreen,
    "waiting": WaitingScreen,
    "month": MonthScreen,
    "routes": RoutesScreen,
    "holds": HoldsScreen,
    "history": HistoryScreen,
    "limits": LimitsScreen,
}
