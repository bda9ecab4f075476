"""What a run stands on: a folder with the material, the link, and the servers, made on demand."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.build import ROOT, Unavailable
from bench.filed import make
from bench.job import Job
from bench.launch import run
from bench.link import SERVER, Link, open_link
from bench.material import LONG, Sizes, big_file, long_folder, mailbox, planned_tree, small_tree
from bench.rows import Row
from bench.series import make_series
from bench.servers import (
    INN,
    TFTPD,
    Dovecot,
    DovecotIMAP,
    Nginx,
    Nothing,
    Place,
    Postfix,
    ProFTPD,
    Server,
    Sshd,
    Vsftpd,
)
from bench.servers.dovecot import MAIL_GROUP, MAIL_USER
from bench.servers.tls import make_certificates

__all__ = ["Ground", "open_ground"]

_KINDS: dict[str, type[Server]] = {"vsftpd": Vsftpd, "proftpd": ProFTPD, "dovecot": Dovecot,
                                  "dovecot-imap": DovecotIMAP, "inn": INN,
                                  "nginx": Nginx, "tftpd": TFTPD, "sshd": Sshd,
                                  "postfix": Postfix, "none": Nothing}
_SHARED_MEMORY = Path("/dev/shm")
_EVERYBODY = 0o777  # the FTP server's user writes there


class Ground:
    """Folder, link and servers of one run.

    Args:
        folder: everything lies below it.
        sizes: how much there is to move.
    """

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder, self.sizes = folder, sizes
        self.served = folder / "served"
        self.upload = self.served / "upload"
        self.ca = make_certificates(folder / "tls")
        self.link: Link | None = None
        self.versions: set[str] = set()
        self.total = 0  # bytes that the long folder's files claim
        self._stack = contextlib.ExitStack()
        self._servers: dict[str, Server | Unavailable] = {}
        self.served.mkdir()
        self.upload.mkdir()
        self.upload.chmod(_EVERYBODY)

    def close(self) -> None:
        """End servers and link."""
        self._stack.close()

    def prepare(self, row: Row, scratch: Path) -> None:
        """What is there before a run: a mirror that is to be found unchanged."""
        if row.action == "mirror-again":
            shutil.copytree(self.source(row), scratch / "out")
        if row.action == "imap-push":
            shutil.rmtree(self.pushed(row), ignore_errors=True)
        if row.action in ("mbox-read", "maildir-read"):
            make(row.action, scratch, self.job(row, scratch).count)
        server = self.server(row)
        if isinstance(server, Postfix):
            server.mark()

    def pushed(self, row: Row) -> Path:
        """Where the mail server keeps what a row puts into its folder "push"."""
        return self.folder / f"imap-{row.delay}" / ".push"

    def space(self, row: Row) -> str:
        """The namespace for the row's clients."""
        return self.link.client if row.delay and self.link else ""

    def source(self, row: Row) -> Path:
        """What the row moves, made now if it is not there yet."""
        path = self.served / row.path.strip("/")
        fed = row.action == "mail" or row.action.startswith(("send-", "imap-", "news-"))
        if fed or path.exists():
            return path
        if row.action.startswith("rfc-"):
            return make_series(path)
        if row.size == "big":
            return big_file(path, self.sizes.big)
        if row.action == "mirror-plan":
            self.total = planned_tree(path, self.sizes.entries)
            return path
        if row.size == "entries":
            self.total = long_folder(path, self.sizes.entries)
            return path
        count = getattr(self.sizes, row.size)
        alike = bool(row.delay) or row.size in ("small", "thousand") or row.security == "ssh"
        return small_tree(path, count, size=1024 if alike else 0, flat=alike)

    def server(self, row: Row) -> Server:
        """The row's server, running.

        Raises:
            Unavailable: the server or the link is not to be had on this machine.
        """
        detail = row.size if row.action == "mail" else f"{row.delay}-{row.security}-{row.rate}"
        key = f"{row.server}-{detail}"
        if key not in self._servers:
            self._servers[key] = self._try_start(row, key)
        found = self._servers[key]
        if isinstance(found, Unavailable):
            raise found
        return found

    def job(self, row: Row, scratch: Path) -> Job:
        """The row's work, with its results in *scratch*."""
        server = self.server(row)
        source, up = self.source(row), row.action in (
            "stor", "tree-up", "http-put", "sftp-put", "sftp-tree-up", "mirror-ftp-up",
            "mirror-ssh-up")
        trust = server.place.folder / "config" if row.security == "ssh" else self.ca
        return Job(
            row.action, server.place.address, server.port, server.user, server.password,
            row.security, str(trust), "/upload/out" if up else str(source)
            if row.action.startswith("rfc-") else row.path,
            str(source if up else scratch / "out"), str(scratch), getattr(self.sizes, row.size),
        )

    def _try_start(self, row: Row, key: str) -> Server | Unavailable:
        try:
            return self._start(row, key)
        except Unavailable as error:
            return error

    def _start(self, row: Row, key: str) -> Server:
        if row.delay and not self.link:
            self.link = self._stack.enter_context(open_link(row.delay))
        root = self.served
        if row.action == "mail":
            root = mailbox(self.folder / f"mail-{row.size}", getattr(self.sizes, row.size),
                           owner=MAIL_USER, group=MAIL_GROUP)
        if row.server == "dovecot-imap":
            root = mailbox(self.folder / f"imap-{row.delay}", self.sizes.pulled, first=LONG + 1,
                           owner=MAIL_USER, group=MAIL_GROUP)
        place = Place(self.folder / key, root, tls_only=row.security != "plain", rate=row.rate)
        if row.delay and self.link:
            place = replace(place, address=SERVER, space=self.link.server)
        server = _KINDS[row.server](place)
        if isinstance(server, INN):
            near = {} if row.delay else {"bench.over": self.sizes.entries}
            server.articles = {"bench.articles": self.sizes.articles, **near}
        server.start()
        self._stack.callback(server.stop)
        self.versions.add(server.version())
        if row.action == "mail":
            self._warm(row, server, "bench.peer_poplib")
        if row.server == "dovecot-imap":
            self._warm(row, server, "bench.peer_imaplib")
        return server

    def _warm(self, row: Row, server: Server, module: str) -> None:
        """Let Dovecot build its index once, so that the first contender does not pay for it."""
        scratch = self.folder / "warm"
        scratch.mkdir(exist_ok=True)
        job = Job("warm", server.place.address, server.port, server.user, server.password,
                  "plain", "", "", "", str(scratch))
        command = [sys.executable, "-m", module, job.to_json()]
        cost = run(command, scratch, extra={"PYTHONPATH": str(ROOT)}, space=self.space(row))
        if cost.failure:
            raise Unavailable(f"Dovecot does not answer: {cost.failure}")


@contextlib.contextmanager
def open_ground(sizes: Sizes) -> Iterator[Ground]:
    """A ground in a folder of its own: in shared memory if there is room for it, else on disk.

    Raises:
        Unavailable: not root.
    """
    if os.geteuid():
        raise Unavailable("the servers need root: run it in a container or a virtual machine")
    with tempfile.TemporaryDirectory(prefix="postel-bench-", dir=_place(sizes)) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the servers' own users come through here
        ground = Ground(folder, sizes)
        try:
            yield ground
        finally:
            ground.close()


def _place(sizes: Sizes) -> Path | None:
    room = sizes.big * 3 + 200_000 * 4096  # the file, a copy of it, something over; small files
    if _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > room:
        return _SHARED_MEMORY
    return None
