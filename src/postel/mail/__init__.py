"""Mail above its protocols: the outbox, checks of domains, direct delivery.

Everything is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authentication import Authentication
    from .authentication_sync import authenticate
    from .check_async import AsyncCheck
    from .check_sync import Check
    from .check_types import Finding, Report
    from .delivery import Delivery
    from .direct_async import AsyncDirect
    from .direct_sync import Direct
    from .discovery_sync import discover
    from .discovery_types import Candidate, Found, Service
    from .outbox_async import AsyncOutbox
    from .outbox_sync import Outbox
    from .outbox_types import Destination, Item, Schedule
    from .policies import PolicyStore
    from .routes import Exchange, Route
    from .routing_async import AsyncRouter
    from .routing_sync import Router
    from .sending_sync import send

__all__ = [
    "AsyncCheck",
    "AsyncDirect",
    "AsyncOutbox",
    "AsyncRouter",
    "Authentication",
    "Candidate",
    "Check",
    "Delivery",
    "Destination",
    "Direct",
    "Exchange",
    "Finding",
    "Found",
    "Item",
    "Outbox",
    "PolicyStore",
    "Report",
    "Route",
    "Router",
    "Schedule",
    "Service",
    "authenticate",
    "discover",
    "send",
]

_HOMES = {
    "authentication": ("Authentication",),
    "authentication_sync": ("authenticate",),
    "check_async": ("AsyncCheck",),
    "check_sync": ("Check",),
    "check_types": ("Finding", "Report"),
    "delivery": ("Delivery",),
    "direct_async": ("AsyncDirect",),
    "direct_sync": ("Direct",),
    "discovery_sync": ("discover",),
    "discovery_types": ("Candidate", "Found", "Service"),
    "outbox_async": ("AsyncOutbox",),
    "outbox_sync": ("Outbox",),
    "outbox_types": ("Destination", "Item", "Schedule"),
    "policies": ("PolicyStore",),
    "routes": ("Exchange", "Route"),
    "routing_async": ("AsyncRouter",),
    "routing_sync": ("Router",),
    "sending_sync": ("send",),
}
"""Each module with the names that are taken from it; add yours sorted."""


def __getattr__(name: str) -> Any:
    """Load *name* from where it lives."""
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
