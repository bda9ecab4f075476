"""The lab's IMAP server: IMAP4rev1 and rev2 with their extensions (RFC 3501, 9051).

Service code. What is asked is read by `postel.imap.commands`, strictly; what the server offers is a
matter of `IMAPOptions`. Commands of one family are in one file: ``server_login``,
``server_folders``, ``server_fetch`` and so on; `postel.imap.server_session` is what they share.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from ..serving.faults import Faults
from ..serving.mail_store import MailStore
from ..serving.server import IDLE, Server, Users, Watcher
from ..transport.socket_async import AsyncSocketStream
from .server_options import CAPABILITIES, PROFILES, QUIRKS, IMAPOptions, Profile
from .server_session import Session

__all__ = ["CAPABILITIES", "PROFILES", "QUIRKS", "IMAPOptions", "IMAPServer", "Profile"]


class IMAPServer(Server):
    """Serves each user's folders.

    Args:
        users: who may log in.
        stores: gives a user's mail; None for a user who has none.
        options: how it behaves.
        host, port, tls, implicit, faults, watcher, idle: as for `Server`. RFC 9051 section 5.4
            asks for half an hour of patience; a lab has ten minutes.
    """

    name = "imap"

    def __init__(
        self,
        users: Users,
        stores: Callable[[str], MailStore | None],
        *,
        options: IMAPOptions | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
        idle: float = IDLE,
    ) -> None:
        super().__init__(host=host, port=port, tls=tls, implicit=implicit, faults=faults,
                         watcher=watcher, idle=idle)
        self.users, self.stores = users, stores
        self.options = options or IMAPOptions()

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Greet, answer, say goodbye."""
        await Session(self, stream, self.options.copy()).run()
