"""The lab's IMAP server as a service: over the post office's mail, like any provider on demand."""

from __future__ import annotations

from pathlib import Path

from ..imap.server import IMAPOptions, IMAPServer
from ..serving.mail_store import Folder, MailStore
from ..serving.server import Users, Watcher
from .certificates import Authority
from .post_office import PostOffice
from .service import Service

__all__ = ["IMAPService"]


class IMAPService(Service):
    """IMAP4rev1 and rev2 with their extensions; folders that SMTP delivers to and POP3 reads.

    Attributes:
        options: how the servers behave; for sessions that begin from now on.
        faults: what they do wrong: ``faults.on("FETCH", b"* BYE gone", close=True)``. In a reply,
            ``{tag}`` stands for the command's tag.

    Example:
        >>> import imaplib
        >>> from postel import lab
        >>> with lab.start("imap") as here:
        ...     mail = here.imap.mailbox("alice")
        ...     message = mail.append("INBOX", b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
        ...     with imaplib.IMAP4(*here.address("imap")) as box:
        ...         _ = box.login("alice", "secret")
        ...         print(box.select("INBOX"))
        ('OK', [b'1'])
    """

    well_known = (143, 993)
    default_user = "alice"

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.options = IMAPOptions()
        self.office: PostOffice | None = None
        super().__init__(users, authority, root, watcher)

    def make(self, *, implicit: bool) -> IMAPServer:
        """One of the two servers."""
        return IMAPServer(self.users, self._store, options=self.options,
                          tls=self.authority.server(), implicit=implicit, faults=self.faults,
                          watcher=self.watcher)

    def join(self, office: PostOffice) -> None:
        """Serve the mail of this post office."""
        self.office = office

    def _store(self, user: str) -> MailStore | None:
        return self.office.stores.get(user) if self.office is not None else None

    def mailbox(self, user: str = "alice") -> MailStore:
        """The mail of *user*: folders, messages, flags; may be changed while it is served."""
        found = self._store(user)
        if found is None:
            raise KeyError(user)
        return found

    def folder(self, name: str = "INBOX", user: str = "alice") -> Folder:
        """A folder of *user*."""
        return self.mailbox(user)[name]

    def use(self, profile: str) -> None:
        """Be like a provider: capabilities, names of folders, delimiter, limits, quirks.

        All mail is forgotten: the provider's own folders take its place.

        Args:
            profile: one of `postel.imap.server.PROFILES`: ``"gmail"``, ``"outlook"``, ``"yahoo"``,
                ``"icloud"``, ``"dovecot"``, ``"cyrus"``, ``"courier"``, ``"bare"``, ``"full"``.

        Raises:
            UsageError: there is no such profile.

        Example:
            >>> from postel import lab
            >>> with lab.start("imap") as here:
            ...     here.imap.use("outlook")
            ...     sorted(here.imap.mailbox("alice").folders)[:3]
            ['Archive', 'Deleted Items', 'Drafts']
        """
        self.options.use(profile)
        if self.office is not None:
            self.office.arrange(self.options.profile.folders, self.options.profile.delimiter,
                                labels=self.options.profile.labels)

    def quirks(self, *names: str) -> None:
        """Take on these habits of real servers besides those of the profile.

        Args:
            names: some of `postel.imap.server.QUIRKS`.

        Raises:
            UsageError: one is unknown.
        """
        self.options.behave(*names)

    def flip(self, name: str = "INBOX", user: str = "alice") -> int:
        """A new UIDVALIDITY for a folder, whose messages all get new UIDs; returns it."""
        return self.mailbox(user).renumber(name)

    @property
    def url(self) -> str:
        """Where it is, for alice, with her password."""
        domain = self.office.domain if self.office is not None else "lab.test"
        return f"imap://alice:secret@imap.{domain}/"
