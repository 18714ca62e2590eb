"""What a client asks the proxy to do: never half of it."""

from __future__ import annotations

import msgspec


class Ask(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True,
    forbid_unknown_fields=True,
):  # fmt: skip
    """The base of what is asked; a word that the proxy does not know is refused.

    An older proxy would do without it otherwise: raise a cap for good that was to be
    raised for an hour. Only what differs from its default is sent, so that the same ask
    is understood by both.
    """
