"""The lab's services by name; each class is in this file, or in one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..ftp.server import QUIRKS, FTPOptions, FTPServer
from ..pop3.server import POP3Server
from ..serving.files import MemoryFiles, ServedFiles
from ..serving.folder import FolderFiles
from ..serving.mail import MemoryBox, ServedMailbox
from ..serving.server import Users, Watcher
from .certificates import Authority
from .dns_service import DNSService
from .http_service import HTTPService
from .imap_service import IMAPService
from .mail_services import LMTPService, SMTPService, SubmissionService
from .nntp_service import NNTPService
from .post_office import PostOffice
from .rfc_service import RFCService
from .service import Service
from .sftp_service import SFTPService
from .ssh_service import SSHService
from .telnet_service import TelnetService
from .tftp_service import TFTPService
from .webdav_service import WebDAVService

__all__ = ["SERVICES", "FTPService", "POP3Service"]


class POP3Service(Service):
    """POP3 with a mailbox in memory for each user.

    Example:
        >>> from postel import lab
        >>> with lab.start("pop3") as here:
        ...     name = here.pop3.mailbox("alice").add(b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
        ...     len(here.pop3.mailbox("alice").messages())
        1
    """

    well_known = (110, 995)
    default_user = "alice"

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self._boxes: dict[str, ServedMailbox] = {name: MemoryBox() for name in users}
        super().__init__(users, authority, root, watcher)

    def make(self, *, implicit: bool) -> POP3Server:
        """One of the two servers."""
        return POP3Server(self.users, self._boxes, tls=self.authority.server(),
                          implicit=implicit, faults=self.faults, watcher=self.watcher)

    def join(self, office: PostOffice) -> None:
        """Serve the mailboxes of this post office."""
        self._boxes = office.boxes
        for server in (self.clear, self.secure):
            if isinstance(server, POP3Server):
                server.mailboxes = office.boxes

    def mailbox(self, user: str) -> ServedMailbox:
        """The mailbox of *user*."""
        return self._boxes[user]

    def replace(self, user: str, box: ServedMailbox) -> None:
        """Serve another mailbox to *user* from the next log-in on."""
        self._boxes[user] = box


class FTPService(Service):
    """FTP and FTPS over one tree: in memory and writable, or a folder and read-only.

    Attributes:
        files: what is served.
        options: how the servers behave; may be changed at any time.

    Example:
        >>> from postel import lab
        >>> with lab.start("ftp") as here:
        ...     here.ftp.files.put("/pub/a.txt", b"hello")
        ...     list(here.ftp.files.tree())
        ['/pub/a.txt']
    """

    well_known = (21, 990)

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.files: Any = self._tree(root)
        self.options = FTPOptions()
        super().__init__(users, authority, root, watcher)

    @staticmethod
    def _tree(root: Path | None) -> ServedFiles:
        return MemoryFiles() if root is None else FolderFiles(root)

    def make(self, *, implicit: bool) -> FTPServer:
        """One of the two servers."""
        return FTPServer(self.users, self.files, self.options, tls=self.authority.server(),
                         implicit=implicit, faults=self.faults, watcher=self.watcher)

    def serve(self, files: ServedFiles) -> None:
        """Serve another tree, to those who connect from now on."""
        self.files = files
        for server in (self.clear, self.secure):
            if isinstance(server, FTPServer):
                server.files = files

    def quirks(self, *names: str) -> None:
        """Take on these habits of other servers, and no others.

        Args:
            names: some of `postel.ftp.server.QUIRKS`.

        Raises:
            UsageError: one is unknown.
        """
        if unknown := set(names) - set(QUIRKS):
            raise UsageError(f"no such quirk: {', '.join(sorted(unknown))}",
                             hint=f"there are {', '.join(QUIRKS)}")
        self.options.quirks = set(names)


SERVICES: Mapping[str, type[Service]] = {
    "dns": DNSService, "ftp": FTPService, "http": HTTPService, "imap": IMAPService,
    "lmtp": LMTPService,
    "nntp": NNTPService, "pop3": POP3Service, "rfc": RFCService, "sftp": SFTPService,
    "smtp": SMTPService, "ssh": SSHService, "submission": SubmissionService,
    "telnet": TelnetService, "tftp": TFTPService, "webdav": WebDAVService}
