"""The lab's news server: reading, posting, feeding, log-ins, TLS, compression (RFC 3977 and kin).

Service code: the server and its table of verbs. What each verb does is in `server_access`,
`server_reading`, `server_lists` and `server_posting`.
"""

from __future__ import annotations

import inspect
import ssl
from typing import Any

from ..serving.faults import Faults
from ..serving.server import Server, Users, Watcher
from ..transport.socket_async import AsyncSocketStream
from . import server_access, server_lists, server_posting, server_reading
from .server_options import QUIRKS, NNTPOptions
from .server_session import Answer, Handler, Session
from .spool import Spool
from .wire import Request

__all__ = ["QUIRKS", "NNTPOptions", "NNTPServer", "Spool"]


class NNTPServer(Server):
    """Serves groups and articles.

    Args:
        users: who may log in.
        spool: what is served.
        options: how it behaves.
        host: address to listen on.
        port: 0 takes a free one.
        tls: context with the server's certificate.
        implicit: TLS from the first byte.
        faults: what to do wrong, and when.
        watcher: told of traffic.
    """

    name = "nntp"

    def __init__(
        self,
        users: Users,
        spool: Spool,
        options: NNTPOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        super().__init__(host=host, port=port, tls=tls, implicit=implicit, faults=faults,
                         watcher=watcher)
        self.users, self.spool, self.options = users, spool, options or NNTPOptions()
        self.verbs: dict[str, Handler] = {
            **server_access.VERBS, **server_lists.VERBS, **server_posting.VERBS,
            **server_reading.VERBS, "QUIT": _quit}

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Serve one connection until its end."""
        await Session(self, stream).run()

    async def dispatch(self, session: Session, request: Request | None) -> None:
        """Answer one command; None is the greeting.

        Raises:
            Answer: a refusal.
        """
        if request is None:
            server_access.greet(session)
            return
        handler = self.verbs.get(request.verb)
        if handler is None:
            first = request.verb.split(" ")[0]
            known = any(verb.startswith(f"{first} ") for verb in self.verbs)
            raise Answer("501 that form is not known" if known else "500 what?")
        if (self.options.auth == "require" and not session.user and handler is not _quit
                and request.verb not in (*server_access.VERBS, "DATE", "HELP")):
            raise Answer("480 log in first")
        done: Any = handler(session, request)
        if inspect.isawaitable(done):
            await done


def _quit(session: Session, request: Request) -> None:
    session.ended = True
    session.say("205 bye")
