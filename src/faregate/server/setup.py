"""What a first run needs to know: addresses, keys found, what is still to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faregate.control.models import Setup
from faregate.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupState:
    """The facts behind the first-run screen."""

    url: str
    keys_found: tuple[str, ...]
    cap_is_default: bool
    warnings: tuple[str, ...]
    first_request_seen: Callable[[], bool]
    capture: Callable[[], str] = str

    def setup(self) -> Setup:
        """Return them as the control API's model."""
        return Setup(
            openai_base_url=f"{self.url}/v1",
            anthropic_base_url=self.url,
            gemini_base_url=self.url,
            keys_found=list(self.keys_found),
            first_request_seen=self.first_request_seen(),
            cap_is_default=self.cap_is_default,
            warnings=list(self.warnings),
            capture=self.capture(),
        )
