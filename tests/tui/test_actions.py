from __future__ import annotations

from collections import Counter

from textual.binding import Binding

from faregate.tui.action import Scope
from faregate.tui.action_table import ACTIONS
from faregate.tui.actions import about, bindings, check_keymap, in_scopes, keys_of

TOGETHER = (
    {Scope.EVERYWHERE, Scope.OVERVIEW, Scope.OF_SESSION, Scope.TABLE},
    {Scope.EVERYWHERE, Scope.BEYOND, Scope.OF_SESSION, Scope.SESSION, Scope.TABLE},
    {Scope.EVERYWHERE, Scope.BEYOND, Scope.TABLE, Scope.WAITING},
    {Scope.EVERYWHERE, Scope.BEYOND, Scope.TABLE, Scope.HOLDS},
    {Scope.EVERYWHERE, Scope.BEYOND, Scope.TABLE, Scope.PROVIDERS},
    {Scope.EVERYWHERE, Scope.BEYOND, Scope.TABLE, Scope.REQUESTS},
    {Scope.EVERYWHERE, Scope.BEYOND, Scope.REQUEST},
    {Scope.EVERYWHERE, Scope.BEYOND, Scope.TABLE, Scope.MONTH},
    {Scope.OVERLAY},
)


def test_ids_are_unique_and_every_action_says_what_it_does() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    for action in ACTIONS:
        assert action.about
        assert action.label


def test_no_key_means_two_things_on_one_screen() -> None:
    for scopes in TOGETHER:
        keys = Counter(
            key for action in in_scopes(scopes) for key in action.keys.split(",")
        )
        assert [key for key, number in keys.items() if number > 1] == []


def test_bindings_carry_the_id_that_a_person_rebinds() -> None:
    found = [each for each in bindings(Scope.EVERYWHERE) if isinstance(each, Binding)]
    assert {each.id for each in found} == {
        action.id for action in ACTIONS if action.scope is Scope.EVERYWHERE
    }


def test_keys_as_a_person_reads_them() -> None:
    by_id = {action.id: action for action in ACTIONS}
    assert keys_of(by_id["filter"], {}) == ["/"]
    assert keys_of(by_id["back"], {})[0] == "esc"
    assert keys_of(by_id["sort"], {"sort": "o,ctrl+s"}) == ["o", "ctrl+s"]


def test_a_wrong_keymap_is_told_and_the_rest_works() -> None:
    good, problems = check_keymap({"sort": "o, ctrl+s", "fly": "f", "quit": "q,"})
    assert good == {"sort": "o,ctrl+s"}
    assert [problem.split(":")[0] for problem in problems] == [
        "[keys] fly",
        "[keys] quit",
    ]


def test_a_demo_says_what_ends_with_it() -> None:
    by_id = {action.id: action for action in ACTIONS}
    assert "the proxy goes on" in about(by_id["quit"], ends_proxy=False)
    assert "the demo ends with it" in about(by_id["quit"], ends_proxy=True)
    assert about(by_id["sort"], ends_proxy=True) == by_id["sort"].about
