"""Mail above its protocols: the outbox, checks of domains, direct delivery.

Everything is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accounts import Account, Accounts, Identity
    from .accounts_file import add_account, load_accounts, remove_account
    from .authentication import Authentication
    from .authentication_sync import authenticate
    from .check_async import AsyncCheck
    from .check_sync import Check
    from .check_types import Finding, Report
    from .checking_sync import check_account
    from .credentials_async import AsyncCredentials
    from .credentials_sync import Credentials
    from .delivery import Delivery
    from .direct_async import AsyncDirect
    from .direct_sync import Direct
    from .discovery_sync import discover
    from .discovery_types import Candidate, Found, Service
    from .keys import KeyFile, Keyring, open_keys
    from .moving_async import AsyncMover
    from .moving_sync import Mover, copy, migrate, sync
    from .moving_types import Deletions, MoveResult, Rules, Tally, Way
    from .oauth_async import AsyncOAuth
    from .oauth_sync import OAuth
    from .outbox_async import AsyncOutbox
    from .outbox_sync import Outbox
    from .outbox_types import Destination, Item, Schedule
    from .policies import PolicyStore
    from .post_async import AsyncPost
    from .post_sending_sync import send_from
    from .post_sync import Post, open_post
    from .post_types import FolderView, Summary, Where, parse_where
    from .routes import Exchange, Route
    from .routing_async import AsyncRouter
    from .routing_sync import Router
    from .sending_sync import send

__all__ = [
    "Account",
    "Accounts",
    "AsyncCheck",
    "AsyncCredentials",
    "AsyncDirect",
    "AsyncMover",
    "AsyncOAuth",
    "AsyncOutbox",
    "AsyncPost",
    "AsyncRouter",
    "Authentication",
    "Candidate",
    "Check",
    "Credentials",
    "Deletions",
    "Delivery",
    "Destination",
    "Direct",
    "Exchange",
    "Finding",
    "FolderView",
    "Found",
    "Identity",
    "Item",
    "KeyFile",
    "Keyring",
    "MoveResult",
    "Mover",
    "OAuth",
    "Outbox",
    "PolicyStore",
    "Post",
    "Report",
    "Route",
    "Router",
    "Rules",
    "Schedule",
    "Service",
    "Summary",
    "Tally",
    "Way",
    "Where",
    "add_account",
    "authenticate",
    "check_account",
    "copy",
    "discover",
    "load_accounts",
    "migrate",
    "open_keys",
    "open_post",
    "parse_where",
    "remove_account",
    "send",
    "send_from",
    "sync",
]

_HOMES = {
    "accounts": ("Account", "Accounts", "Identity"),
    "accounts_file": ("add_account", "load_accounts", "remove_account"),
    "authentication": ("Authentication",),
    "authentication_sync": ("authenticate",),
    "check_async": ("AsyncCheck",),
    "check_sync": ("Check",),
    "check_types": ("Finding", "Report"),
    "checking_sync": ("check_account",),
    "credentials_async": ("AsyncCredentials",),
    "credentials_sync": ("Credentials",),
    "delivery": ("Delivery",),
    "direct_async": ("AsyncDirect",),
    "direct_sync": ("Direct",),
    "discovery_sync": ("discover",),
    "discovery_types": ("Candidate", "Found", "Service"),
    "keys": ("KeyFile", "Keyring", "open_keys"),
    "oauth_async": ("AsyncOAuth",),
    "oauth_sync": ("OAuth",),
    "moving_async": ("AsyncMover",),
    "moving_sync": ("Mover", "copy", "migrate", "sync"),
    "moving_types": ("Deletions", "MoveResult", "Rules", "Tally", "Way"),
    "outbox_async": ("AsyncOutbox",),
    "outbox_sync": ("Outbox",),
    "outbox_types": ("Destination", "Item", "Schedule"),
    "policies": ("PolicyStore",),
    "post_async": ("AsyncPost",),
    "post_sending_sync": ("send_from",),
    "post_sync": ("Post", "open_post"),
    "post_types": ("FolderView", "Summary", "Where", "parse_where"),
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
