from __future__ import annotations

from faregate.server.setup import SetupState


def test_a_first_run_is_told_what_to_do() -> None:
    seen = False
    state = SetupState(
        url="http://127.0.0.1:4747",
        keys_found=("openai", "anthropic"),
        cap_is_default=True,
        warnings=("a base URL points at ourselves",),
        first_request_seen=lambda: seen,
    )
    setup = state.setup()
    assert setup.openai_base_url == "http://127.0.0.1:4747/v1"
    # These two SDKs append the version themselves.
    assert setup.anthropic_base_url == "http://127.0.0.1:4747"
    assert setup.gemini_base_url == "http://127.0.0.1:4747"
    assert setup.keys_found == ["openai", "anthropic"]
    assert (setup.cap_is_default, setup.first_request_seen) == (True, False)
    assert setup.warnings == ["a base URL points at ourselves"]
    assert setup.capture == ""
    seen = True
    assert state.setup().first_request_seen
