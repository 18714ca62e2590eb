from __future__ import annotations

import pytest
from msgspec.structs import replace

from faregate.control import calling
from faregate.tui.action import Scope
from faregate.tui.lines import width
from faregate.tui.panels import help, keys_bar, notice, session_detail
from faregate.tui.store import Link, LinkState
from tests.control import scenes
from tests.tui.drawing import text, texts, view_of


class TestNotice:
    def test_a_first_run_names_the_exact_lines(self) -> None:
        view = view_of(scenes.first_run())
        shown = texts(notice.notice_lines(view, 116, 30))
        for wanted in (
            "Waiting for the first request on 127.0.0.1:4747",
            "faregate run -- claude",
            "faregate run -- codex",
            'eval "$(faregate env AGENT)"',
            "AGENT: claude, codex, opencode, gemini, qwen, aider, cline, cn, mini, llm",
            "export OPENAI_BASE_URL=http://127.0.0.1:4747/v1",
            "export ANTHROPIC_BASE_URL=http://127.0.0.1:4747",
            "[x] proxy up on 127.0.0.1:4747",
            "[x] provider keys found: anthropic, openrouter",
            "[x] cap $20.00 a month, the default; faregate budget set monthly 50 "
            "changes it",
            "[ ] first request seen",
        ):
            assert any(line.strip() == wanted for line in shown), wanted

    def test_the_first_lines_are_the_way_that_works_for_every_agent(self) -> None:
        for cells, height in ((116, 30), (76, 21)):
            shown = texts(
                notice.notice_lines(view_of(scenes.first_run()), cells, height)
            )
            whole = "\n".join(shown)
            run = whole.index("faregate run -- claude")
            by_hand = whole.index("export OPENAI_BASE_URL")
            assert run < whole.index("faregate env AGENT") < by_hand
            # Who exports these alone has an agent without a key, or one that is deaf.
            (heading,) = [line for line in shown if "Codex ignores the" in line]
            assert "with a key: yours" in heading
            assert len(heading) <= cells

    def test_many_agents_do_not_push_the_lines_to_export_off_the_screen(self) -> None:
        many = ("claude", "codex", "opencode", "gemini", "qwen")
        told = scenes.setup(first_request_seen=False, keys_found=[])
        scene = replace(scenes.first_run(), setup=told)
        shown = "\n".join(
            texts(notice.notice_lines(view_of(scene, agents=many), 76, 21))
        )
        for wanted in (
            "faregate run -- claude",
            "faregate env AGENT",
            "export OPENAI_BASE_URL=",
            "[ ] first request seen",
        ):
            assert wanted in shown
        low = texts(notice.notice_lines(view_of(scene, agents=many), 76, 13))
        assert any("AGENT: claude, codex" in line for line in low)
        assert "[ ] first request seen" in low[-1]
        high = texts(notice.notice_lines(view_of(scene, agents=many), 116, 30))
        assert any("faregate run -- qwen" in line for line in high)

    def test_an_agent_that_began_and_asked_nothing_is_told(self) -> None:
        told = scenes.setup(first_request_seen=False)
        for names, words in (
            (["a"], "1 session has begun; waiting for a first request on 127.0.0.1"),
            (["a", "b"], "2 sessions have begun; waiting for a first request on 127"),
        ):
            idle = [scenes.session(name, requests=0) for name in names]
            view = view_of(scenes.snapshot(sessions=idle, told=told))
            assert words in "\n".join(texts(notice.notice_lines(view, 76, 21)))

    def test_commands_are_as_they_work_in_this_terminal(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(calling, "command", lambda: "~/g/scripts/faregate")
        monkeypatch.setattr(notice, "command", calling.command)
        told = scenes.setup(
            first_request_seen=False, cap_is_default=True, keys_found=[]
        )
        view = view_of(replace(scenes.first_run(), setup=told))
        shown = "\n".join(texts(notice.notice_lines(view, 76, 30)))
        for wanted in (
            "~/g/scripts/faregate run -- claude",
            'eval "$(~/g/scripts/faregate env AGENT)"',
            "~/g/scripts/faregate down; ~/g/scripts/faregate up",
        ):
            assert wanted in shown
        assert " faregate " not in shown
        # Where even that is too long, each command has a line of its own.
        slim = texts(notice.notice_lines(view, 56, 30))
        assert "       ~/g/scripts/faregate down" in slim
        absent = view_of(None, link=Link(state=LinkState.ABSENT))
        shown = "\n".join(texts(notice.notice_lines(absent, 76, 30)))
        assert "~/g/scripts/faregate up" in shown

    def test_nothing_found_is_told_with_what_to_do(self) -> None:
        told = scenes.setup(
            first_request_seen=False, keys_found=[], warnings=["OPENAI_API_KEY is ours"]
        )
        view = view_of(scenes.snapshot(told=told, budgets=[]), agents=())
        shown = "\n".join(texts(notice.notice_lines(view, 76, 30)))
        assert "faregate run -- AGENT" in shown
        assert "[ ] no provider key found: an agent needs a key or login of" in shown
        assert "export OPENAI_API_KEY=..." in shown
        assert "[ ] cap: none; faregate budget set monthly 20 sets one" in shown
        assert "!   OPENAI_API_KEY is ours" in shown

    def test_it_is_tightened_before_it_is_cut(self) -> None:
        view = view_of(scenes.first_run(), agents=("claude", "codex", "aider", "qwen"))
        for height in (30, 17, 12):
            shown = texts(notice.notice_lines(view, 74, height))
            assert len(shown) <= height
            assert any("faregate run -- claude" in line for line in shown)
            assert any("[ ] first request seen" in line for line in shown)

    def test_agents_of_this_machine_are_named_first(self) -> None:
        for agents, names in (
            (("llm",), "llm, claude, codex, "),
            ((), "claude, codex, opencode, "),
        ):
            shown = texts(
                notice.notice_lines(view_of(scenes.first_run(), agents=agents), 78, 20)
            )
            assert any(f"  AGENT: {names}" in line for line in shown)
            assert all(len(line) <= 78 for line in shown)

    def test_what_was_refused_at_the_door_is_told(self) -> None:
        said = (
            "/messages is not served: the base URL lacks /v1. Set it to "
            "http://127.0.0.1:4747/v1, as `faregate env AGENT` prints it"
        )
        told = [
            scenes.event(1, said, kind="refused", severity="warn"),
            scenes.event(2, "no room", kind="refused", session="s1"),
        ]
        view = view_of(replace(scenes.first_run(), events=told))
        for cells, height in ((78, 20), (116, 30)):
            shown = texts(notice.notice_lines(view, cells, height))
            whole = " ".join(" ".join(shown).split())
            assert f"[ ] first request seen ! a request was refused: {said}" in whole

    def test_a_session_without_a_request_does_not_end_it(self) -> None:
        idle = [scenes.session("s1", requests=0)]
        told = scenes.setup(first_request_seen=False)
        assert notice.is_needed(view_of(scenes.snapshot(sessions=idle, told=told)))

    def test_it_goes_when_there_is_something_to_show(self) -> None:
        assert notice.is_needed(view_of(None))
        assert notice.is_needed(view_of(scenes.first_run()))
        assert not notice.is_needed(view_of(scenes.busy()))
        assert not notice.is_needed(view_of(scenes.snapshot()))

    def test_no_proxy_says_how_to_start_it(self) -> None:
        link = Link(state=LinkState.ABSENT, retry_at=1003.0)
        shown = texts(notice.notice_lines(view_of(None, link=link), 74, 20))
        assert "   No proxy is running here" in shown
        assert any(line.endswith("faregate up") for line in shown)
        assert "     /run/faregate.sock" in shown
        assert "   This screen connects by itself; next try in 3s" in shown

    def test_a_refusal_shows_its_reason_whole(self) -> None:
        why = "the proxy (9.0) speaks control version 2, this program 1: " * 2
        link = Link(state=LinkState.REFUSED, why=why, retry_at=1000.0)
        view = view_of(None, link=link)
        shown = " ".join(texts(notice.notice_lines(view, 50, 20)))
        assert " ".join(shown.split()).count("control version 2") == 2
        assert "next try now" in shown
        assert notice.notice_title(view) == "faregate"


class TestKeys:
    SCOPES = (Scope.TABLE, Scope.OVERVIEW, Scope.EVERYWHERE)

    def test_quit_and_help_stay_longest(self) -> None:
        view = view_of(scenes.busy())
        wide = text(keys_bar.keys_line(view, 120, self.SCOPES)[0])
        assert wide.startswith(" enter open  / filter  s sort  space freeze")
        for cells in range(120, 15, -1):
            (line,) = keys_bar.keys_line(view, cells, self.SCOPES)
            assert width(line) <= cells
            assert text(line).endswith("q quit ")
        assert text(keys_bar.keys_line(view, 16, self.SCOPES)[0]) == " ? help  q quit "
        assert keys_bar.keys_line(view, 3, self.SCOPES) == [()]

    def test_a_persons_own_keys_are_shown(self) -> None:
        view = view_of(scenes.busy())
        view.keymap = {"sort": "o", "quit": "ctrl+x"}
        shown = text(keys_bar.keys_line(view, 120, self.SCOPES)[0])
        assert " o sort " in shown
        assert " ctrl+x quit " in shown


class TestHelp:
    def test_every_key_and_column_of_the_screen_is_explained(self) -> None:
        view = view_of(scenes.busy())
        scopes = (Scope.TABLE, Scope.OVERVIEW, Scope.EVERYWHERE)
        lines = help.help_lines(view, 78, scopes)
        shown = "\n".join(texts(lines))
        assert all(width(line) <= 78 for line in lines)
        for wanted in (
            "turn the order around",
            "SPEND",
            "CTX",
            "TTFB",
            "~8.42",
            "cost>",
        ):
            assert wanted in shown
        assert "back to the overview" not in shown


class TestSessionDetail:
    @pytest.mark.parametrize(
        ("state", "ran"),
        [("active", "(5h00m)"), ("waiting", "(5h00m)"), ("idle", "(1h30m)"),
         ("ended", "(1h30m)"), ("stopped", "(1h30m)")],
    )  # fmt: skip
    def test_the_clock_of_a_session_that_rests_stands(
        self, state: str, ran: str
    ) -> None:
        session = scenes.session(
            "s", state=state, started_at=scenes.at(18_000), last_at=scenes.at(12_600)
        )
        view = view_of(scenes.snapshot(sessions=[session]))
        assert ran in text(session_detail.session_head(view, session)[0])

    def test_figures(self) -> None:
        view = view_of(scenes.busy())
        session = view.store.sessions["b2f4a9d1-1111"]
        assert text(session_detail.session_head(view, session)[0]).split() == [
            "sessions",
            ">",
            "infra/tf-import",
            "claude-code",
            "since",
            "09:52",
            "(1h00m)",
            "‖",
            "waiting",
            *["for", "room", "in", "the", "November", "cap"],
        ]
        assert texts(session_detail.spend_lines(session, 36))[:2] == [
            "spend        ~$4.77  mixed",
            "now          $9.40/h",
        ]
        assert texts(session_detail.token_lines(session, 36))[0] == (
            "input        2.61M  new 460k"
        )
        assert texts(session_detail.token_lines(session, 36))[4] == (
            "context      176k  88% of 200k"
        )

    def test_requests_without_a_price_are_counted(self) -> None:
        session = scenes.session("s", cost="0.04", cost_source="mixed", unpriced=14)
        shown = texts(session_detail.spend_lines(session, 40))
        assert shown[0] == "spend        ~$0.04?  14 without a price"

    def test_notes_go_first_when_it_is_narrow(self) -> None:
        session = scenes.session("s", client_retries=2, refusals=1)
        shown = texts(session_detail.traffic_lines(session, 20))
        assert shown[:3] == ["requests     42", "retries      4", "refused      1"]
        wide = texts(session_detail.traffic_lines(session, 36))
        # As many as its list has: what was refused was asked as well.
        assert wide[:2] == ["requests     42  43 attempts", "retries      4  agent 2"]

    def test_what_is_not_known_is_said(self) -> None:
        session = scenes.session(
            "s", context_tokens=None, models=[], workspace=None, last_error="502 x1"
        )
        assert texts(session_detail.token_lines(session, 36))[4] == "context      -"
        labels = texts(session_detail.label_lines(session, 60))
        assert "models       -" in labels
        assert "last error   502 x1" in labels
        unknown = scenes.session("s", context_window=None)
        assert "window not known" in texts(session_detail.token_lines(unknown, 60))[4]

    def test_a_session_that_is_gone(self) -> None:
        shown = session_detail.session_head(view_of(scenes.busy()), None)
        assert "no longer listed" in text(shown[0])
