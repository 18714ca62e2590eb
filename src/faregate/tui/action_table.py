"""Every action of the TUI, once: key, words, where it works.

Bindings, the line of keys, the help, the palette and the page of the manual are made
from this table.
"""

from __future__ import annotations

from functools import partial

from faregate.tui.action import Action, Scope

_table = partial(Action, scope=Scope.TABLE, palette=False)
_text = partial(Action, scope=Scope.TEXT, palette=False)
_request = partial(Action, scope=Scope.REQUEST)
_overview = partial(Action, scope=Scope.OVERVIEW)
_beyond = partial(Action, scope=Scope.BEYOND)
_providers = partial(Action, scope=Scope.PROVIDERS, changes=True)
_holds = partial(Action, scope=Scope.HOLDS, changes=True)
_limits = partial(Action, scope=Scope.LIMITS, changes=True)
_session = partial(Action, scope=Scope.OF_SESSION, changes=True)
_waiting = partial(Action, scope=Scope.WAITING, changes=True)
_question = partial(Action, scope=Scope.QUESTION, palette=False)
_overlay = partial(Action, scope=Scope.OVERLAY, palette=False)
_everywhere = partial(Action, scope=Scope.EVERYWHERE)

# One action on one or two lines: this is read as a table.
# fmt: off
ACTIONS = (
    _table("open", "enter", "open", "open", "open the row under the cursor", bar=2),
    _table("down", "j,down", "move(1)", "down", "next row"),
    _table("up", "k,up", "move(-1)", "up", "previous row"),
    _table("page_down", "pagedown,ctrl+d", "page(1)", "page down", "a page down"),
    _table("page_up", "pageup,ctrl+u", "page(-1)", "page up", "a page up"),
    _table("top", "g,home", "top", "top", "first row"),
    _table("bottom", "G,end", "bottom", "bottom", "last row"),

    Action("trial", "t", "trial", "test request",
           "send one small request through the gate; says first what it costs",
           Scope.FIRST_RUN, bar=2, changes=True),
    _overview("filter", "slash", "edit_filter", "filter",
              "edit the filter; its text is kept", bar=3),
    _overview("toggle_filter", "f", "toggle_filter", "filter on/off",
              "turn the filter off and on again"),
    _overview("sort", "s", "sort", "sort", "sort by the next column", bar=4),
    _overview("reverse", "S", "reverse_sort", "reverse", "turn the order around"),

    _beyond("back", "escape,left,backspace", "back", "back",
            "back to the screen before", bar=6, palette=False),

    _providers("smoke", "r", "smoke", "smoke test",
               "test the target under the cursor; says first what that costs", bar=2),
    _providers("ask_again", "a", "ask_again", "ask again",
               "end the rest of the provider under the cursor: the next request "
               "asks it", bar=3),
    _providers("smoke_all", "R", "smoke_all", "all",
               "test every target again; says first what that costs", bar=4),

    _holds("resolve", "r", "resolve", "resolve",
           "say what an unknown hold cost, after a look at the provider's bill", bar=2),

    _limits("set_limit", "s,enter", "set_limit", "set",
            "set the limit under the cursor; asks first to loosen it", bar=2),
    _limits("unset_limit", "r", "unset_limit", "take back",
            "take back what was set: the configuration counts again", bar=3),

    _session("stop", "x", "stop_session", "stop",
             "stop the session; the question names it and what it spent", bar=8),
    _session("pause", "p", "pause_session", "pause",
             "pause the session, or let it go on", bar=9),
    _session("outcome", "o", "judge", "outcome",
             "say whether the session's task was accepted or rejected", bar=11),
    Action("jump", "J", "jump", "jump", "go to the tmux pane of the session's agent",
           Scope.OF_SESSION, bar=13, changes=True),
    Action("loop", "v", "loop", "loop",
           "what a stopped session repeated; let it go on, or keep it stopped",
           Scope.OF_SESSION, bar=14),
    Action("limits", "l", "limits", "limits",
           "what limits the session, and how much of it is used; set it there",
           Scope.OF_SESSION, bar=10),

    Action("follow", "f", "follow", "follow",
           "keep the cursor on the newest request, or leave it", Scope.REQUESTS, bar=4),
    Action("follow_session", "f", "follow", "follow",
           "keep the cursor on the newest request, or leave it", Scope.SESSION, bar=4),
    _request("newer", "right_square_bracket", "neighbour(1)", "next",
             "the session's next request", bar=3),
    _request("older", "left_square_bracket", "neighbour(-1)", "previous",
             "the session's request before", bar=4),
    _request("part_summary", "0", "part('summary')", "summary",
             "its way, its bill and what changed", bar=2, bar_as=("0-4", "parts")),
    _request("part_request", "1", "part('request')", "request",
             "what the agent sent, where that was captured"),
    _request("part_response", "2", "part('response')", "response",
             "what came back, put together"),
    _request("part_headers", "3", "part('headers')", "headers",
             "the headers of every step; secrets are hidden"),
    _request("part_raw", "4", "part('raw')", "raw",
             "what came back as it came, piece by piece"),
    _request("other_body", "a", "other_body", "other try",
             "the same part of another attempt, or as the agent got it", bar=8),
    _request("find", "slash", "find", "find", "find a text in the part", bar=9),
    _request("find_next", "n", "find_next", "find next", "the next place of that text"),
    _request("fold", "z", "fold", "fold", "leave out what is long, or show it all",
             bar=10),

    _text("text_down", "j,down", "move(1)", "down", "next line"),
    _text("text_up", "k,up", "move(-1)", "up", "line before"),
    _text("text_page_down", "pagedown,ctrl+d", "page(1)", "page down", "a page down"),
    _text("text_page_up", "pageup,ctrl+u", "page(-1)", "page up", "a page up"),
    _text("text_top", "g,home", "top", "top", "first line"),
    _text("text_bottom", "G,end", "bottom", "bottom", "last line"),

    Action("next_key", "m", "next_key", "by ...",
           "sum by the next key: model, project, provider ...", Scope.MONTH, bar=2),

    _waiting("approve", "a", "approve", "approve once",
             "let the request under the cursor pass", bar=2),
    _waiting("deny", "d", "deny", "deny",
             "refuse it: its agent gets an answer that it shows", bar=3),
    _waiting("approve_session", "A", "approve_session", "approve session",
             "let what is alike pass for the rest of the session; asks first", bar=4),
    _waiting("deny_stop", "D", "deny_stop", "deny + stop",
             "refuse it and stop its session; asks first", bar=5),

    _question("yes", "y,enter", "answer(1)", "yes", "say yes"),
    _question("no", "escape,n,q", "answer(0)", "no", "say no"),
    _overlay("close_help", "escape,q,question_mark", "close", "close",
             "close the help", bar=0),
    _overlay("help_down", "j", "scroll(1)", "down", "scroll the help down"),
    _overlay("help_up", "k", "scroll(-1)", "up", "scroll the help up"),

    _everywhere("overview", "1", "show('overview')", "overview",
                "the cap, the burn, the sessions", bar=7, bar_as=("1-8", "screens")),
    _everywhere("requests", "2", "show('requests')", "requests",
                "what agents asked, the newest first"),
    _everywhere("waiting", "3", "show('waiting')", "waiting",
                "what waits for your yes or no"),
    _everywhere("providers", "4", "show('providers')", "providers",
                "providers and their smoke tests"),
    _everywhere("month", "5", "show('month')", "month",
                "the month's days, its pace, and who spent it"),
    _everywhere("routes", "6", "show('routes')", "routes",
                "attempts, fallbacks, escalations, wasted money"),
    _everywhere("holds", "7", "show('holds')", "holds",
                "money that is held for requests, and what nobody can tell"),
    _everywhere("history", "8", "show('history')", "history",
                "every session there ever was, page by page"),
    _everywhere("all_limits", "L", "show('limits')", "limits",
                "the limits of every session, to look at and to set"),
    _everywhere("cap", "b", "change_cap", "cap", "change a budget's cap", bar=6,
                changes=True),
    _everywhere("price", "P", "change_price", "price",
                "set the price of a model that has none, or another one; asks first",
                changes=True),
    _everywhere("pause_all", "H", "pause_everything", "pause all",
                "pause everything, or let it go on; asks first", changes=True),
    _everywhere("capture", "C", "capture", "capture on/off",
                "keep what requests and answers say, or stop that; asks first",
                changes=True),
    _everywhere("freeze", "space", "freeze", "freeze",
                "hold the screen still; the figures go on behind it", bar=5),
    _everywhere("export", "e", "export", "export",
                "what is shown as CSV, JSON or SVG; a session's receipt", bar=10,
                changes=True),
    _everywhere("copy", "c", "copy", "copy",
                "ids, the address, a request as curl with its key as a variable"),
    _everywhere("start", "u", "start_proxy", "start the proxy",
                "start the proxy where none runs", changes=True),
    _everywhere("bell", "B", "toggle_bell", "bell on/off",
                "ring when something waits for you, at 80 % and at the cap, or not"),
    _everywhere("theme", "t", "next_theme", "theme",
                "next theme; the palette lists them all", bar=12),
    _everywhere("help", "question_mark,f1", "help", "help",
                "keys of this screen, and what each column means", bar=1),
    _everywhere("palette", "ctrl+p,colon", "command_palette", "palette",
                "all actions and themes by name", palette=False),
    _everywhere("quit", "q,ctrl+q", "quit", "quit",
                "close this screen; the proxy goes on, faregate down stops it", bar=0,
                in_demo="close this screen; the demo ends with it"),
)
# fmt: on
