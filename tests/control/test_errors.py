from __future__ import annotations

from faregate.control.errors import ControlError, ProxyNotRunning


def test_an_error_carries_code_and_sentence() -> None:
    error = ControlError("refused", "the proxy said no")
    assert (error.code, error.message, str(error)) == (
        "refused",
        "the proxy said no",
        "the proxy said no",
    )


def test_no_proxy_is_a_control_error_with_its_own_code() -> None:
    error = ProxyNotRunning()
    assert isinstance(error, ControlError)
    assert error.code == "not_running"
