"""Mail above its protocols: the outbox, checks of domains, direct delivery.

Everything is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .outbox_async import AsyncOutbox
    from .outbox_sync import Outbox
    from .outbox_types import Destination, Item, Schedule
    from .sending_sync import send

__all__ = ["AsyncOutbox", "Destination", "Item", "Outbox", "Schedule", "send"]

_HOMES = {
    "outbox_async": ("AsyncOutbox",),
    "outbox_sync": ("Outbox",),
    "outbox_types": ("Destination", "Item", "Schedule"),
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
