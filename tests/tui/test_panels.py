from __future__ import annotations

import pytest

from faregate.control import calling
from faregate.tui.glyphs import ASCII
from faregate.tui.lines import width
from faregate.tui.panels import (
    burn,
    cap,
    events,
    header,
    providers,
    request_detail,
)
from faregate.tui.store import Link, LinkState
from faregate.tui.tones import Tone
from faregate.tui.view import View
from tests.control import scenes
from tests.tui import cost_scene
from tests.tui.drawing import text, texts, tone_of, view_of


def head(view: View, cells: int = 120) -> str:
    (line,) = header.header_lines(view, cells, 1)
    assert width(line) <= cells
    return text(line)


class TestHeader:
    def test_it_says_who_is_at_work_and_what_needs_a_look(self) -> None:
        shown = head(view_of(scenes.busy()))
        assert shown.startswith(
            " ● proxy 127.0.0.1:4747 up 3h12m │ 5 sessions · 2 in flight · 1 waits for room "
            "│ ▲ 82% of November cap"
        )
        assert shown.endswith(" 10:52 ")

    def test_what_matters_stays_when_it_is_narrow(self) -> None:
        view = view_of(scenes.busy())
        assert "vllm-local down" in head(view, 80)
        assert "▲ 82% of November cap" in head(view, 60)
        assert head(view, 30).startswith(" ● proxy")

    def test_below_half_there_is_nothing_to_say(self) -> None:
        shown = head(view_of(scenes.snapshot(budgets=[scenes.budget("99")])))
        assert "cap" not in shown

    def test_half_is_told_without_alarm_and_eighty_with(self) -> None:
        for spent, tone in (("100", Tone.TEXT), ("160", Tone.WARN), ("200", Tone.CRIT)):
            view = view_of(scenes.snapshot(budgets=[scenes.budget(spent)]))
            assert tone_of(header.header_lines(view, 120, 1), "November") is tone

    def test_a_pause_is_told_at_any_width(self) -> None:
        view = view_of(scenes.busy())
        assert "paused" not in head(view)
        view.store.latched = "everything paused"
        assert "■ everything paused" in head(view)
        assert "■ everything paused" in head(view, 40)
        view.store.set_link(Link(state=LinkState.LOST, since=988.0))
        assert "paused" not in head(view)

    def test_a_lost_proxy_counts_up_and_down(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link = Link(state=LinkState.LOST, since=988.0, retry_at=1003.0)
        view = view_of(scenes.busy(), link=link)
        assert "○ proxy lost 12s, retrying in 3s" in head(view)
        assert "u or faregate up starts it" in head(view)
        assert "faregate up" not in head(view, 60)
        assert "○ proxy lost" in head(view, 40)
        # A long way to say it is left out before the key is.
        monkeypatch.setattr(calling, "command", lambda: "~/work/gate/scripts/faregate")
        assert "│ u starts it" in head(view, 80)
        view.clock.seconds += 3  # type: ignore[attr-defined]
        assert "○ proxy lost 15s, retrying now" in head(view)

    def test_each_other_link_has_its_word(self) -> None:
        assert "connecting" in head(view_of(None, link=Link()))
        absent = Link(state=LinkState.ABSENT, retry_at=1002.0)
        assert "no proxy, retrying in 2s" in head(view_of(None, link=absent))
        refused = Link(state=LinkState.REFUSED, why="another version")
        assert "✖ another version" in head(view_of(None, link=refused))

    def test_frozen_says_when_and_what_came_since(self) -> None:
        view = view_of(scenes.busy())
        view.freeze()
        assert "FROZEN 10:52:09 " in head(view)
        more = scenes.session("new", requests=37)
        view.store.apply(scenes.delta(2, scenes.busy(), sessions=[more]), 1001.0)
        shown = head(view)
        assert "FROZEN 10:52:09, +37 requests" in shown
        assert "5 sessions" in shown

    def test_an_alert_shows_on_a_frozen_screen(self) -> None:
        view = view_of(scenes.snapshot(budgets=[scenes.budget("10")]))
        view.freeze()
        full = scenes.budget("200")
        view.store.apply(scenes.delta(2, scenes.snapshot(), budgets=[full]), 1001.0)
        assert "■ November cap reached" in head(view)


class TestCap:
    def test_the_panel(self) -> None:
        view = view_of(scenes.busy())
        assert cap.cap_title(view) == "November cap, + 14 without a price"
        assert texts(cap.cap_lines(view, 42, 5)) == [
            "$164.20 of $200.00  ▲ 82.1%        9d left",
            "█████████████████████│███████████│········",
            "0%                   50%         80%  100%",
            "left $33.88  ▒ held $1.92  ▓ unknown $0.40",
            "full 13:09 (1h pace), Wed 25 (month pace)",
        ]

    def test_a_second_cap_takes_the_place_of_the_scale(self) -> None:
        day = scenes.budget("3.10", "5", window="day")
        view = view_of(scenes.snapshot(budgets=[day, scenes.budget()]))
        assert (
            texts(cap.cap_lines(view, 42, 5))[2] == "today's cap $3.10 of $5.00 62.0%"
        )

    def test_money_set_aside_is_told_before_what_is_left(self) -> None:
        big = scenes.budget("10", "20000", held="1234.56", unknown="2345.67")
        view = view_of(scenes.snapshot(budgets=[big]))
        aside = texts(cap.cap_lines(view, 42, 5))[3]
        assert aside == "▒ held $1,234.56  ▓ unknown $2,345.67"

    def test_without_a_cap_it_says_how_to_set_one(self) -> None:
        view = view_of(scenes.snapshot(budgets=[scenes.budget("4", None)]))
        shown = texts(cap.cap_lines(view, 42, 5))
        assert shown == [
            "no cap is set",
            "$4.00 spent, month",
            "faregate budget set monthly 20",
        ]
        assert cap.cap_title(view) == "cap"
        assert texts(cap.strip_lines(view, 78, 2)) == [
            " $4.00 spent, no cap   $17.07/h"
        ]

    def test_the_strip_keeps_money_first_and_loses_the_rest_from_the_end(self) -> None:
        view = view_of(scenes.busy())
        shown = {
            cells: texts(cap.strip_lines(view, cells, 2))[0] for cells in (99, 80, 50)
        }
        assert shown == {
            99: " $164.20 of $200.00  ▲ 82.1% · $17.07/h · unknown $0.40 · held $1.92 "
            "· full 13:09 (1h pace)",
            80: " $164.20 of $200.00  ▲ 82.1% · $17.07/h · unknown $0.40 · full 13:09 "
            "(1h pace)",
            50: " $164.20 of $200.00  ▲ 82.1% · $17.07/h",
        }


class TestBanner:
    def banner(self, cells: int = 118, **changes: object) -> str:
        budget = scenes.budget(**changes)  # type: ignore[arg-type]
        flights = [scenes.flight("f", "s")]
        view = view_of(scenes.snapshot(budgets=[budget], flights=flights))
        lines = cap.banner_lines(view, cells, 1)
        if not lines:
            return ""
        assert width(lines[0]) == cells
        assert lines[0][0].tone is Tone.ALERT
        return text(lines[0]).strip()

    def test_there_is_none_while_there_is_room(self) -> None:
        assert self.banner(spent="199") == ""

    def test_a_full_cap_says_what_happens_until_when(self) -> None:
        assert self.banner(spent="200") == (
            "■ CAP REACHED $200.00 of $200.00: new requests are refused until 1 Dec or "
            "a new cap. 1 running request may finish."
        )

    def test_a_cap_that_refuses_before_it_is_full_says_what_still_fits(self) -> None:
        assert self.banner(spent="199.60", held="0.10", refusing=True) == (
            "■ CAP REACHED $199.60 of $200.00: what may cost more than $0.30 is "
            "refused until 1 Dec or a new cap."
        )

    def test_a_cap_that_a_bill_closed_says_so(self) -> None:
        closed = {"spent": "0.13", "refusing": True, "closed": True}
        assert self.banner(150, **closed) == (
            "■ NOVEMBER CAP CLOSED: a request came in dearer than its hold ($0.13 of "
            "$200.00 spent). Nothing goes out until you raise the cap (b)."
        )
        assert self.banner(66, **closed) == (
            "■ NOVEMBER CAP CLOSED: a request came in dearer than its hold"
        )
        assert self.banner(30, **closed) == "■ NOVEMBER CAP CLOSED"

    def test_less_than_a_cent_is_no_figure_to_show(self) -> None:
        told = self.banner(spent="199.9999", refusing=True)
        assert "what may cost a cent or more is refused" in told

    def test_it_gets_shorter_and_never_loses_its_words(self) -> None:
        assert self.banner(60, spent="200") == (
            "■ CAP REACHED $200.00 of $200.00: new requests are refused"
        )
        assert self.banner(40, spent="200") == "■ CAP REACHED $200.00 of $200.00"
        assert self.banner(20, spent="200") == "■ CAP REACHED"

    def test_a_cap_of_a_workspace_names_it(self) -> None:
        shown = self.banner(spent="200", scope="workspace:web", window="total")
        assert "requests of workspace:web are refused until there is a new cap" in shown


class TestBurn:
    def test_the_panel(self) -> None:
        view = view_of(scenes.busy())
        lines = burn.burn_lines(view, 32, 5)
        shown = texts(lines)
        assert shown[0] == "$17.07/h           42.1k tok/min"
        assert shown[3] == "last hour $15.59       3 refused"
        assert shown[4] == "wasted $0.62       0.3% of spend"
        assert all(width(line) <= 32 for line in lines)

    def test_nothing_spent_is_a_flat_line(self) -> None:
        view = view_of(scenes.snapshot(burn=["0"] * 60))
        assert texts(burn.burn_lines(view, 30, 5))[1:3] == ["", "▁" * 30]


class TestProviders:
    def test_trouble_comes_first_each_with_sign_and_word(self) -> None:
        view = view_of(scenes.busy())
        assert providers.providers_title(view) == "providers 5 · ttfb, errors"
        assert texts(providers.providers_lines(view, 34, 5)) == [
            "✖ vllm-local  down         -  0.3%",
            "◐ zai         errors    2.9s  6.1%",
            "● anthropic   ok       655ms  0.0%",
            "● openrouter  ok       412ms  0.3%",
            "○ openai      quiet        -     -",
        ]

    def test_what_does_not_fit_is_counted(self) -> None:
        many = [scenes.provider(f"p{number:02}") for number in range(12)]
        shown = texts(
            providers.providers_lines(view_of(scenes.snapshot(providers=many)), 34, 5)
        )
        assert len(shown) == 5
        assert shown[-1] == "  +8 more"

    def test_a_space_is_left_where_everything_fails(self) -> None:
        broken = scenes.provider("x", ttfb_ms=None, error_rate_1h=1.0)
        view = view_of(scenes.snapshot(providers=[broken]))
        (shown,) = texts(providers.providers_lines(view, 34, 5))
        assert shown.endswith(" -  100%")

    def test_none_and_probing(self) -> None:
        assert texts(providers.providers_lines(view_of(scenes.snapshot()), 34, 5)) == [
            "no request in the last hour",
            "keys: anthropic, openrouter",
        ]
        bare = view_of(scenes.snapshot(told=scenes.setup(keys_found=[])))
        assert texts(providers.providers_lines(bare, 34, 5)) == [
            "no request in the last hour",
            "no provider key found",
        ]
        many = [f"provider-{number:02}" for number in range(30)]
        crowd = view_of(scenes.snapshot(told=scenes.setup(keys_found=many)))
        shown = providers.providers_lines(crowd, 34, 5)
        assert len(shown) == 5
        assert all(width(each) <= 34 for each in shown)
        assert not any("…" in each for each in texts(shown))
        probing = scenes.snapshot(providers=[scenes.provider("x", breaker="half-open")])
        assert "◐ x" in text(providers.providers_lines(view_of(probing), 34, 5)[0])


class TestEvents:
    def test_newest_first_with_sign_and_word(self) -> None:
        assert texts(events.events_lines(view_of(scenes.busy()), 116, 3)) == [
            "10:50:09 · waiting  infra/tf-import      waits for room: needs $1.92, "
            "$1.10 is left",
            "10:49:09 ! unknown  infra/tf-import      attempt cut by the provider: "
            "$0.40 kept as unknown",
            "10:47:09 ▲ alert                         $160.00 of $200.00 reached",
        ]

    def test_what_a_person_should_do_is_never_cut(self) -> None:
        todo = (
            "No key for deepseek: set DEEPSEEK_API_KEY where the proxy runs, then "
            "restart it: faregate down; faregate up. Or name one with key_env"
        )
        told = [
            scenes.event(1, "asked again " * 20, severity="info"),
            scenes.event(2, todo, kind="refused", severity="warn"),
        ]
        view = view_of(scenes.snapshot(events=told))
        lines = events.events_lines(view, 76, 3)
        assert texts(lines) == [
            "10:34:09 ! refused  No key for deepseek: set DEEPSEEK_API_KEY where the",
            "           proxy runs, then restart it: faregate down; faregate up. Or name",
            "           one with key_env",
        ]
        assert all(width(line) <= 76 for line in lines)
        wide = texts(events.events_lines(view, 116, 5))
        assert len(wide) == 3
        assert " · " in wide[2]
        # With a line or two, what stands at its beginning is shown.
        assert texts(events.events_lines(view, 76, 1))[0].startswith(
            "10:34:09 ! refused"
        )
        assert len(events.events_lines(view, 76, 2)) == 2
        endless = scenes.event(3, "x" * 200, severity="alert")
        view = view_of(scenes.snapshot(events=[endless]))
        assert len(events.events_lines(view, 76, 3)) == 1

    def test_of_one_session_and_of_none(self) -> None:
        view = view_of(scenes.busy())
        assert len(events.events_lines(view, 78, 9, "b2f4a9d1-1111")) == 2
        assert texts(events.events_lines(view, 78, 9, "other")) == ["nothing yet"]

    def test_odd_events_are_shown_and_harmless(self) -> None:
        odd = scenes.event(
            1, "\x1b[2Jx", at="never", kind="a-very-long-kind", session="?"
        )
        (shown,) = texts(
            events.events_lines(view_of(scenes.snapshot(events=[odd])), 116, 3)
        )
        assert shown == "--:--:-- · a-very-… ?                    \ufffd[2Jx"


def test_the_plain_alphabet_reaches_every_panel() -> None:
    view = view_of(scenes.capped(), glyphs=ASCII)
    produced = [
        *header.header_lines(view, 120, 1),
        *cap.cap_lines(view, 42, 5),
        *cap.strip_lines(view, 80, 2),
        *cap.banner_lines(view, 118, 1),
        *burn.burn_lines(view, 32, 5),
        *providers.providers_lines(view, 34, 5),
        *events.events_lines(view, 116, 5),
    ]
    for line in produced:
        assert text(line).isascii(), text(line)


def test_the_timeline_tells_notes_in_the_sentences_of_explain() -> None:
    told = cost_scene.EXPLAINED["req-17"]
    shown = texts(request_detail.timeline_lines(told, 120))
    assert "limits      3 of 1,000 requests, 1m01s of 4h00m since it began" in shown
    assert "route       coder: a/b (in the order of the route)" in shown
