"""The lab's mail servers: SMTP, submission and LMTP on one grammar (RFC 5321, 6409, 2033).

Service code. A server takes messages and hands them to its sink; it relays nothing. What it is
asked to do wrong is in `faults`, in words (`MailFaults.say`).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Literal

from ..serving.server import Server, Users, Watcher
from ..transport.socket_async import AsyncSocketStream
from .caught import Caught
from .envelope import RcptTo
from .server_faults import MailFaults
from .server_options import SMTPOptions
from .server_session import Session

__all__ = ["MailFaults", "SMTPOptions", "SMTPServer"]

Kind = Literal["smtp", "submission", "lmtp"]


class SMTPServer(Server):
    """Takes mail.

    Args:
        users: who may log in.
        sink: is given every message that is taken; returns its number.
        kind: ``"smtp"`` as on port 25, ``"submission"`` as on 587, or ``"lmtp"``.
        options: how it behaves; may be changed while it runs.
        admit: raises `postel.smtp.envelope.Refused` for a recipient that is not taken; is told
            who has logged in.
        host_name: what it calls itself.
        host, port, tls, implicit, watcher: as for `Server`.
        faults: what to do wrong.
    """

    faults: MailFaults

    def __init__(
        self,
        users: Users,
        sink: Callable[[Caught], int],
        *,
        kind: Kind = "smtp",
        options: SMTPOptions | None = None,
        admit: Callable[[RcptTo, str], None] | None = None,
        host_name: str = "lab.test",
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        faults: MailFaults | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        faults = faults if faults is not None else MailFaults()
        super().__init__(host=host, port=port, tls=tls, implicit=implicit, faults=faults,
                         watcher=watcher)
        self.faults = faults
        self.users, self.sink, self.kind = users, sink, kind
        self.options = options or SMTPOptions()
        self.host_name = host_name
        self._admit = admit

    @property
    def name(self) -> str:  # type: ignore[override]
        """``"smtp"``, ``"submission"`` or ``"lmtp"``."""
        return self.kind

    @property
    def is_lmtp(self) -> bool:
        """Whether it greets by LHLO and answers for each recipient."""
        return self.kind == "lmtp"

    @property
    def is_submission(self) -> bool:
        """Whether it serves people's own programs."""
        return self.kind == "submission"

    def admit(self, rcpt: RcptTo, user: str) -> None:
        """Raise `Refused` if this recipient is not taken."""
        if self._admit is not None:
            self._admit(rcpt, user)

    async def serve(self, stream: AsyncSocketStream) -> None:
        """Greet, answer, say goodbye."""
        await Session(self, stream).run()
