"""The lab's mail servers as services: SMTP, submission and LMTP over one post office."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ..errors import UsageError
from ..serving.server import Users, Watcher
from ..smtp.caught import Caught
from ..smtp.envelope import RcptTo
from ..smtp.server import Kind, MailFaults, SMTPOptions, SMTPServer
from .certificates import Authority
from .post_office import PostOffice
from .service import Service

__all__ = ["LMTPService", "SMTPService", "SubmissionService"]


class SMTPService(Service):
    """SMTP as on port 25, with every extension; it catches everything and relays nothing.

    Attributes:
        options: how the servers behave; may be changed at any time.
        faults: what they do wrong: ``faults.say("RCPT b@ → 452 twice, then ok")``.

    Example:
        >>> import smtplib
        >>> from postel import lab
        >>> with lab.start("smtp") as here:
        ...     with smtplib.SMTP(*here.address("smtp")) as server:
        ...         refused = server.sendmail("ann@example.org", ["bob@lab.test"],
        ...                                   b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
        ...     here.mail.wait_for(to="bob@lab.test").data
        b'Subject: hello\\r\\n\\r\\nhi\\r\\n'
    """

    well_known = (25, 465)
    kind: ClassVar[Kind] = "smtp"
    faults: MailFaults
    clear: SMTPServer
    secure: SMTPServer

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.users, self.authority, self.root, self.watcher = users, authority, root, watcher
        self.faults, self.options = MailFaults(), SMTPOptions()
        self.office: PostOffice | None = None
        self.clear, self.secure = self.make(implicit=False), self.make(implicit=True)

    def make(self, *, implicit: bool) -> SMTPServer:
        """One of the two servers."""
        return SMTPServer(self.users, self._take, kind=self.kind, options=self.options,
                          admit=self._admit, tls=self.authority.server(), implicit=implicit,
                          faults=self.faults, watcher=self.watcher)

    def join(self, office: PostOffice) -> None:
        """Bring what is taken to this post office."""
        self.office = office
        self.clear.host_name = self.secure.host_name = f"{self.kind}.{office.domain}"

    def _take(self, caught: Caught) -> int:
        if self.office is None:
            raise UsageError("the service has no post office")
        return self.office.take(caught, trace=self.options.trace)

    def _admit(self, rcpt: RcptTo, user: str) -> None:
        """With `SMTPOptions.strict`: for the lab's users alone; without, everything is caught."""
        if self.options.strict and self.office is not None:
            self.office.admit(rcpt.recipient, relay=bool(user))


class SubmissionService(SMTPService):
    """Submission (RFC 6409) as on ports 587 and 465: one must log in.

    What is for others than the lab's users is caught too, and goes nowhere.
    """

    well_known = (587, 465)
    default_user = "alice"
    kind = "submission"

    def make(self, *, implicit: bool) -> SMTPServer:
        """One of the two servers."""
        self.options.auth = "require"
        return super().make(implicit=implicit)


class LMTPService(SMTPService):
    """LMTP (RFC 2033): the end of a message is answered for each recipient."""

    well_known = (24, 24)
    url_port = 24
    is_pair = False
    kind = "lmtp"

    def make(self, *, implicit: bool) -> SMTPServer:
        """The server; it offers TLS by STARTTLS alone."""
        self.options.auth = "none"
        return super().make(implicit=False)

    async def start(self) -> None:
        """Listen."""
        await self.clear.start()

    async def stop(self) -> None:
        """Close everything."""
        await self.clear.stop()

    @property
    def tls_port(self) -> int:
        """Where it listens: there is one port."""
        return self.clear.port
