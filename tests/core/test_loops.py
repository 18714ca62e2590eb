"""Each rule finds its loop at the stated repeat, and not one turn before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faregate.core.loops.finding import PATIENCE, WAITING, Loop, LoopRule
from faregate.core.loops.normal import LONGEST, normal_result
from faregate.core.loops.requests import MOST_COUNTED, PLAIN, Arrival, RequestLog
from faregate.core.transcript import Said, ToolCall, ToolResult
from tests.core.talks import REPEATS, Talk, Watched

if TYPE_CHECKING:
    from faregate.core.transcript import Transcript


def test_the_same_call_with_the_same_result_is_a_loop_at_the_fifth_time() -> None:
    talk = Talk()
    talk.shell("ls", "a b")
    for _ in range(REPEATS - 1):
        talk.shell("make", "boom")
        assert talk.loop() is None
    talk.shell("make", "boom")

    assert talk.loop() == Loop(rule=LoopRule.SAME_STEP, times=5, tools=("bash",))


def test_one_word_in_a_result_is_progress() -> None:
    talk = Talk()
    for word in ["one", "two", "three", "four", "five", "six", "seven", "eight"]:
        talk.shell("./next", f"stage {word} is ready")
        assert talk.loop() is None


@pytest.mark.parametrize(
    "volatile",
    [
        "at 2026-11-23T10:00:0{n}Z",
        "took 0.{n}s",
        "in 1{n} ms",
        "pid {n}11",
        "object at 0x7f0{n}ab",
        "request id 9f8{n}aa7b",
        "Process Group PGID: 44{n}2",
        "3f2504e0-4f89-11d3-9a0c-0305e82c330{n}",
        "Mon Nov 23 10:0{n}:00 UTC 2026",
        "cart.py:1{n}: AssertionError",
        "commit 1a2b3c{n}d4e5f",
        "line {n}",
    ],
)
def test_volatile_parts_of_a_result_are_no_progress(volatile: str) -> None:
    talk = Talk()
    for number in range(REPEATS):
        talk.shell("make", f"it broke\n{volatile.format(n=number)}")

    loop = talk.loop()
    assert loop is not None
    assert loop.rule is LoopRule.SAME_STEP


def test_a_number_in_a_result_is_progress_and_one_in_arguments_another_call() -> None:
    falling, numbered = Talk(), Talk()
    for number in range(12):
        falling.shell("./left", f"{900 - number} rows left")
        numbered.shell(f"./step {number}", "done, all is well")

        assert falling.loop() is None
        assert numbered.loop() is None


@pytest.mark.parametrize("period", [2, 3, 4, 5, 6])
def test_a_circle_is_found_within_five_rounds(period: int) -> None:
    talk = Talk()
    found: list[int] = []
    for turn in range(period * REPEATS):
        talk.shell(f"step-{'abcdef'[turn % period]}", "the same as before")
        if talk.loop() is not None:
            found.append(turn + 1)

    # From three steps on, four rounds without anything new are enough.
    rounds = REPEATS if period == 2 else REPEATS - 1
    assert found[0] == period * rounds


def test_turns_in_any_order_without_anything_new_are_no_progress() -> None:
    talk = Talk()
    for letter in "abcd" + "badc" + "cdab" + "dbca":
        talk.shell(f"cat {letter}.py", f"text of {letter}")

    loop = talk.loop()
    assert loop is not None
    assert loop.rule is LoopRule.NO_PROGRESS
    assert loop.period == 4


def test_an_edit_between_the_same_failing_tests_is_work() -> None:
    talk = Talk()
    for number in range(12):
        talk.shell("pytest -q", "1 failed")
        talk.call("edit", f'{{"path": "a.py", "new": "try {number}"}}', "edited")

        assert talk.loop() is None


def test_one_question_in_other_words_is_a_loop() -> None:
    talk = Talk()
    forms = ("grep -rn voucher src", "grep -r voucher ./src/", "grep -i voucher src")
    for number in range(REPEATS):
        assert talk.loop() is None
        talk.shell(forms[number % 3], "no matches")

    loop = talk.loop()
    assert loop is not None
    assert loop.rule is LoopRule.DRIFT


def test_other_questions_with_the_same_result_are_work() -> None:
    talk = Talk()
    for word in [
        "login",
        "token",
        "cookie",
        "oauth",
        "session",
        "password",
        "basket",
        "voucher",
    ]:
        talk.shell(f"grep -rn {word} src", "no matches")

        assert talk.loop() is None


def test_the_same_error_for_the_same_file_is_a_loop() -> None:
    talk = Talk()
    for number in range(REPEATS):
        assert talk.loop() is None
        arguments = f'{{"file_path": "a.py", "old_string": "x = {number}"}}'
        result = f"String to replace not found in file.\nString: x = {number}"
        talk.call("Edit", arguments, result, failed=True)

    loop = talk.loop()
    assert loop is not None
    assert loop.rule is LoopRule.REPEATED_ERRORS


def test_the_same_error_for_other_files_is_a_loop_much_later() -> None:
    talk = Talk()
    for number in range(REPEATS * PATIENCE):
        assert talk.loop() is None
        talk.call("Read", f'{{"path": "f{number}"}}', "no such file", failed=True)

    assert talk.loop() is not None


def test_waiting_that_fails_is_a_loop_later() -> None:
    talk = Talk()
    for _ in range(REPEATS * PATIENCE):
        assert talk.loop() is None
        talk.shell("sleep 5; curl :80", "error: connection refused")

    assert talk.loop() is not None


def test_waiting_is_a_loop_much_later() -> None:
    talk = Talk()
    for _ in range(REPEATS * WAITING):
        assert talk.loop() is None
        talk.shell("sleep 30; gh run view", "status: in_progress")

    assert talk.loop() is not None


def test_what_moves_blindly_may_go_on_for_a_while() -> None:
    talk = Talk()
    for _ in range(REPEATS * PATIENCE):
        assert talk.loop() is None
        talk.call("browser_scroll", '{"direction": "down"}', "Scrolled.")

    assert talk.loop() is not None


def test_near_identical_answers_to_the_same_nudge_are_a_loop() -> None:
    talk = Talk()
    forms = ("I will now write it.", "I'll write it now.", "Now, I will write it!")
    for number in range(REPEATS):
        assert talk.loop() is None
        talk.answer(forms[number % 3], "You called no tool. Continue.")

    loop = talk.loop()
    assert loop is not None
    assert loop.rule is LoopRule.SAME_ANSWER


def test_the_same_short_answer_to_new_wishes_is_work() -> None:
    talk = Talk()
    for wish in [
        "rename it",
        "test it",
        "type it",
        "ship it",
        "log it",
        "sort it",
        "cache it",
    ]:
        talk.answer("Done.", f"Please {wish}")

        assert talk.loop() is None


def test_a_new_word_of_a_person_ends_a_loop() -> None:
    talk = Talk()
    for _ in range(REPEATS):
        talk.shell("make", "boom")
    assert talk.loop() is not None

    talk.messages[-1] += (Said(role="user", text="Try it with clang."),)
    assert talk.loop() is None
    talk.shell("make", "boom")
    assert talk.loop() is None


def test_what_agents_wrap_around_a_message_is_no_new_word() -> None:
    talk = Talk()
    for number in range(REPEATS):
        talk.shell("make", "boom")
        note = f"<system-reminder>reminder {number}</system-reminder>"
        talk.messages[-1] += (Said(role="user", text=note),)

    assert talk.loop() is not None


def test_manner_and_order_of_arguments_do_not_matter() -> None:
    talk = Talk()
    for number in range(REPEATS):
        pair = [f'"description": "try {number}"', '"command": "make"']
        pair.append(f'"timeout": 1{number}000')
        ordered = pair if number % 2 else pair[::-1]
        talk.call("Bash", "{" + ", ".join(ordered) + "}", "boom")

    assert talk.loop() is not None


def test_calls_without_ids_are_joined_with_results_in_order() -> None:
    messages: list[Transcript] = []
    for _ in range(REPEATS):
        messages.append((ToolCall(id="", name="f", arguments="{}"),))
        messages.append((ToolResult(call_id="", text="1"),))

    assert Watched().loop(messages, REPEATS) is not None


def test_a_long_result_counts_to_its_last_character() -> None:
    middle = LONGEST
    one, other = "a" * middle * 2, "a" * middle + "b" + "a" * (middle - 1)

    assert normal_result(one) != normal_result(other)
    assert normal_result(one) == normal_result("a" * middle * 2)


def test_a_long_result_that_grows_at_its_end_is_progress() -> None:
    talk = Talk()
    log = "compiled a part of the whole\n" * 200
    for number in range(8):
        log += f"part {number} linked\n"
        talk.shell("cat build.log", log.replace("\n", "\\n"))

        assert talk.loop() is None


def test_arguments_may_be_nested_deeply() -> None:
    deep = '{"a": ' + "[" * 900 + "]" * 900 + "}"
    talk = Talk()
    for _ in range(REPEATS):
        talk.call("f", deep, "1")

    assert talk.loop() is not None


@pytest.mark.parametrize("repeats", [2, 3, 4])
def test_fewer_repeats_stop_no_work_that_brings_something_new(repeats: int) -> None:
    talk = Talk()
    for number in range(12):
        talk.shell("pytest -q", f"{30 - number} failed")
        talk.shell("cat a.py", f"text {number}")
        talk.shell("ls", f"{number} files")

        assert talk.loop(repeats) is None


@pytest.mark.parametrize("repeats", [2, 3, 7])
def test_as_many_repeats_as_are_asked_for_are_a_loop(repeats: int) -> None:
    talk = Talk()
    for _ in range(repeats):
        assert talk.loop(repeats) is None
        talk.shell("make", "boom")

    assert talk.loop(repeats) is not None


def test_hostile_results_are_read_in_no_time() -> None:
    # Each would take minutes if some expression went back and forth over it.
    for text in (
        "<system-reminder>" * 5000,
        "1:" * 20_000,
        "0" * 40_000,
        "Mon " * 9000,
    ):
        assert isinstance(normal_result(text), str)


def test_a_script_that_asks_for_hours_is_counted_up_to_a_bound() -> None:
    log = RequestLog()
    found = [
        log.came(Arrival(second / 1000, plain=True), 1000, 600.0)
        for second in range(MOST_COUNTED + 5)
    ]
    assert found[1000 * PLAIN - 2] is None
    told = [loop.times for loop in found if loop is not None]
    assert told == [MOST_COUNTED] * 6
