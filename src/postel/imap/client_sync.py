# GENERATED from client_async.py by tools/unasync.py: edit that file, not this one.
"""The IMAP client: an account's folders and messages as a with block.

Messages are named by UID everywhere. What the server tells unasked is never lost: it changes what
`selected` says, and `idle`, `notify` and `changes` are made of it.
"""

from __future__ import annotations

from typing import Self

from .account_sync import Account
from .appending_sync import Appending
from .changes_sync import Changing
from .idling_sync import Idling
from .searching_sync import Searching
from .wire import command

__all__ = ["Client"]


class Client(Changing, Appending, Searching, Idling, Account):
    """An account on an IMAP server; its arguments are those of every client.

    The best SASL mechanism that the server offers is used to log in, else LOGIN; ``auth=`` names
    another one. With ``auth="XOAUTH2"`` or ``"OAUTHBEARER"`` the password is the access token.

    Example:
        >>> with Client("mail.example.org", user="alice", password="secret") as box:
        ...     _ = box.select("INBOX")
        ...     found = box.search("UNSEEN")
    """

    def open(self) -> None:
        """Connect, read the greeting, secure the connection, log in, and know what is offered.

        Raises:
            NetworkError: no way there, or TLS failed.
            AuthenticationError: the log-in was refused, or would go in the clear.
        """
        super().open()
        if self._capabilities is None:  # nobody logged in: PREAUTH, or no user
            self.capability()

    def another(self) -> Self:
        """A client like this one, for a second connection; not open yet."""
        twin = type(self)(self.url, **self._settings())
        twin._context, twin.rev2, twin.largest = self._context, self.rev2, self.largest
        return twin

    def noop(self, *, timeout: float | None = None) -> None:
        """Keep the connection alive; hear what has happened."""
        with self._operation("NOOP", timeout):
            self._run(command(b"NOOP"))

    def logout(self) -> None:
        """Say goodbye and close; leaving the with block does it, too."""
        self.close()
