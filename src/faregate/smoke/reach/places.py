"""The addresses at which a provider may be reached: its own and its regions'."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from faregate.core.values import dataclass
from faregate.providers.registry import by_name

if TYPE_CHECKING:
    from faregate.providers.spec import ProviderSpec

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One base URL; `region` is "" for the one that is configured."""

    url: str
    region: str = ""

    @property
    def host(self) -> str:
        """Return the host name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Return the port, the scheme's own where none is named; 0 for neither."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS.get(parts.scheme, 0)

    @property
    def encrypted(self) -> bool:
        """Tell whether TLS is spoken."""
        return urlsplit(self.url).scheme == "https"


def own_place(spec: ProviderSpec, protocol: str) -> Place:
    """Return the address that is configured for a protocol the provider speaks."""
    return Place(url=spec.base_urls[protocol])


def region_places(spec: ProviderSpec, protocol: str) -> tuple[Place, ...]:
    """Return the other regions' addresses, each once.

    None for an address of the person's own choice: its key belongs nowhere else.
    """
    own = spec.base_urls[protocol]
    if not _is_catalogued(spec, protocol):
        return ()
    found: dict[str, Place] = {}
    for region, urls in sorted(spec.regions.items()):
        url = urls.get(protocol)
        if url is not None and url != own:
            found.setdefault(url, Place(url=url, region=region))
    return tuple(found.values())


def region_of(spec: ProviderSpec, protocol: str) -> str:
    """Return the region whose address is configured; "" when none names it."""
    own = spec.base_urls[protocol]
    named = [
        name
        for name, urls in spec.regions.items()
        # A region with prices of its own is never the one that nobody chose.
        if urls.get(protocol) == own and name not in spec.region_multipliers
    ]
    return min(named, default="")


def _is_catalogued(spec: ProviderSpec, protocol: str) -> bool:
    known = by_name(spec.name)
    own = spec.base_urls[protocol]
    usual = [] if known is None else [known.base_urls.get(protocol)]
    return own in usual or bool(region_of(spec, protocol))
