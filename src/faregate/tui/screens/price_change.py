"""Setting a model's price from the screen: which model, how much, and a yes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from faregate.config.price_values import price_values
from faregate.control.prices import SetPrice
from faregate.tui.figures import instant
from faregate.tui.screens.confirm import ConfirmScreen
from faregate.tui.screens.live_screen import LiveScreen
from faregate.tui.screens.typed import TypedScreen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import App

    from faregate.control.cost_log import RequestView
    from faregate.control.models import EventView
    from faregate.tui.control_desk import ControlDesk
    from faregate.tui.view import View

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LOOKED_AT = 100
"""Requests, the latest, among which one without a price is looked for."""
_ASKED_ABOUT = 5
"""Models without a price, the latest, that are looked at for one set since."""
_LONGEST_TARGET = 200


async def change_price(app: App[None], view: View, desk: ControlDesk) -> None:
    """Ask for a model and its price, and set it; raises ControlError."""
    front = app.screen
    chosen = front.request_shown() if isinstance(front, LiveScreen) else None
    found = await desk.requests(None, _LOOKED_AT)
    lacking = ""
    for model in without_price(found, view.store.events, chosen=chosen)[:_ASKED_ABOUT]:
        if (await desk.price(model)).price is None:
            lacking = model
            break
    question = "The price of which model? Write provider/model."
    if lacking:
        question = f"{lacking} was asked for, and no price is known.\n{question}"
    target = await ask_target(app, view, question, lacking)
    if target is None:
        return
    typed = await app.push_screen_wait(
        TypedScreen(
            view,
            f"What does {target} cost, in USD per million tokens?\nWrite input output, "
            "e.g. 3 15; a third figure is the price of cached input.",
            _prices,
            placeholder="3 15",
            longest=60,
        )
    )
    if typed is None:
        return
    values = price_values(typed)
    question = (
        f"Count {target} at ${values[0]} for a million tokens of input and "
        f"${values[1]} of output, from the next request on? A price that is too low "
        "lets more be spent."
    )
    if not await app.push_screen_wait(ConfirmScreen(view, question)):
        return
    cached = values[2] if len(values) > 2 else None
    done = await desk.set_price(
        SetPrice(target=target, input=values[0], output=values[1], cached_input=cached)
    )
    app.notify(f"{target}: {done.after}, USD per million tokens", markup=False)


def without_price(
    requests: Iterable[RequestView],
    events: Iterable[EventView] = (),
    *,
    chosen: str | None = None,
) -> list[str]:
    """Return the models that were asked for without a price, the latest first.

    That of the request `chosen` goes before all.
    """
    # A refusal is an event at once, but a row of the log only a moment later.
    asked = [
        (each.id == chosen, instant(each.at) or _LONG_AGO, each.lacks_price)
        for each in requests
    ]
    asked += [
        (False, instant(each.at) or _LONG_AGO, each.lacks_price) for each in events
    ]
    asked.sort(key=lambda each: each[:2], reverse=True)
    return list(dict.fromkeys(model for *_, model in asked if model))


async def ask_target(
    app: App[None], view: View, question: str, suggested: str
) -> str | None:
    """Ask for a model with its provider; None for escape."""
    return await app.push_screen_wait(
        TypedScreen(
            view,
            question,
            _target,
            placeholder="provider/model",
            value=suggested,
            longest=_LONGEST_TARGET,
        )
    )


def _target(text: str) -> str:
    """Return "provider/model" as it was typed; raises ValueError for anything else."""
    provider, slash, model = text.partition("/")
    if not (slash and provider and model) or not text.isprintable():
        raise ValueError(f"{text[:60]!r} is not provider/model")
    return text


def _prices(text: str) -> str:
    price_values(text)
    return text
