# GENERATED from checking_async.py by tools/unasync.py: edit that file, not this one.
"""Logging in where an account says, and leaving again: what works, and why the rest does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import AuthenticationError, PostelError
from ..imap.client_sync import Client as IMAPClient
from ..pop3.client_sync import Client as POP3Client
from ..smtp.client_sync import Client as SMTPClient
from ..transport.clock_sync import now
from ..urls import URL
from .accounts import Account
from .credentials_sync import Credentials

__all__ = ["Tried", "check_account", "check_server", "right_user"]

_CLIENTS: dict[str, Any] = {
    "imap": IMAPClient, "imaps": IMAPClient, "pop3": POP3Client,
    "pop3s": POP3Client, "submission": SMTPClient, "smtps": SMTPClient,
    "smtp": SMTPClient}


@dataclass(frozen=True, slots=True)
class Tried:
    """One server that was logged in to.

    Args:
        url: where.
        seconds: that it took.
        tls: version of TLS; "" for none.
        server: what it says it is.
        error: why it did not work; None where it did.
    """

    url: URL
    seconds: float = 0.0
    tls: str = ""
    server: str = ""
    error: PostelError | None = None

    @property
    def ok(self) -> bool:
        """Whether it let us in."""
        return self.error is None


def check_account(account: Account, credentials: Credentials,
                        **settings: Any) -> list[Tried]:
    """Log in to each server of an account.

    Args:
        account: which.
        credentials: what it logs in with.
        **settings: of the clients.
    """
    urls = [url for url in (account.imap, account.pop3, account.smtp) if url is not None]
    return [check_server(url, credentials, **settings) for url in urls]


def check_server(url: URL, credentials: Credentials, **settings: Any) -> Tried:
    """Log in to one server, and leave.

    Args:
        url: which.
        credentials: what to log in with.
        **settings: of the client.
    """
    began = now()
    try:
        given = {**credentials.settings(url), **settings}
        with _CLIENTS[url.scheme](url, **given) as client:
            peer, server = client.peer, client.server
            client.noop()
    except PostelError as error:
        return Tried(url, now() - began, error=error)
    return Tried(url, now() - began, peer.tls or "", server.software or server.greeting)


def right_user(url: URL, users: Sequence[str], credentials: Credentials,
                     **settings: Any) -> Tried:
    """Log in under one name after the other; the first that works, else the first failure.

    Only a refused name or password leads to the next: each one is an attempt that the server
    counts.

    Args:
        url: where.
        users: names, the likeliest first.
        credentials: what to log in with.
        **settings: of the client.
    """
    failed: Tried | None = None
    for user in users or [url.user or ""]:
        tried = check_server(url.with_(user=user), credentials, **settings)
        if tried.ok or not isinstance(tried.error, AuthenticationError):
            return tried
        failed = failed or tried
    return failed or Tried(url)
