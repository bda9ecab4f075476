"""The lab's SFTP service: one server, its host key on record for its names, keys for its users."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..serving.faults import Faults
from ..serving.files import MemoryFiles, ServedFiles
from ..serving.folder import FolderFiles
from ..serving.server import Users, Watcher
from ..sftp.server import QUIRKS, SFTPOptions, SFTPServer
from .certificates import Authority
from .service import Service

__all__ = ["SFTPService"]


class SFTPService(Service):
    """SFTP, and the old protocol of scp(1), over one tree: in memory, or a folder and read-only.

    Attributes:
        files: what is served.
        options: how the server behaves; may be changed at any time.
        faults: what it does wrong, and when.
        host_keys: file for ``known_hosts=`` and ssh's ``UserKnownHostsFile``.

    Example:
        >>> from postel import lab
        >>> with lab.start("sftp") as here:
        ...     here.sftp.files.put("/pub/a.txt", b"hello")
        ...     here.sftp.fingerprint[:7], here.url("sftp")
        ('SHA256:', 'sftp://alice@sftp.lab...test/')
    """

    well_known = (22, 22)
    default_user = "alice"
    is_pair = False

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.users, self.authority, self.root, self.watcher = users, authority, root, watcher
        self.files: Any = MemoryFiles() if root is None else FolderFiles(root)
        self.options, self.faults = SFTPOptions(), Faults()
        self.server = SFTPServer(users, self.files, self.options, faults=self.faults,
                                 watcher=watcher)
        self.host_keys: Path = authority.folder / "known_hosts"

    async def start(self) -> None:
        """Listen; put the host key on record."""
        await self.server.start()
        port = self.server.port
        names = [name for name in self.authority.names if name[0].isalpha() or name[0] == "*"]
        places = (f"[127.0.0.1]:{port}", f"[localhost]:{port}", f"[::1]:{port}")
        self.host_keys.write_text(self.server.known_hosts(*names, *places))

    async def stop(self) -> None:
        """Close everything."""
        await self.server.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    @property
    def tls_port(self) -> int:
        """Where it listens: SSH has its own security."""
        return self.server.port

    def ports(self) -> dict[int, int]:
        """From the well-known port to the one where the server listens."""
        return {22: self.port}

    @property
    def fingerprint(self) -> str:
        """The host key's fingerprint, as ssh-keygen(1) prints it."""
        return self.server.fingerprint

    def key(self, user: str, passphrase: str | None = None) -> Path:
        """A file with a private key that logs *user* in.

        Args:
            user: one of the lab's.
            passphrase: locks it.
        """
        import asyncssh

        path = self.authority.folder / f"id-{user}{'-locked' if passphrase else ''}"
        if not path.exists():
            key = asyncssh.generate_private_key("ssh-ed25519")
            path.touch(mode=0o600)
            path.write_bytes(key.export_private_key(passphrase=passphrase))
            path.with_suffix(".pub").write_bytes(key.export_public_key())
            self.server.keys.setdefault(user, []).append(key.convert_to_public())
        return path

    def new_host_key(self) -> None:
        """Show another host key from now on: what is on record is no longer true."""
        import asyncssh

        self.server.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.server.renew()

    def serve(self, files: ServedFiles) -> None:
        """Serve another tree, to those who connect from now on."""
        self.files = self.server.files = files

    def quirks(self, *names: str) -> None:
        """Take on these habits of other servers, and no others.

        Args:
            names: some of `postel.sftp.server.QUIRKS`.

        Raises:
            UsageError: one is unknown.
        """
        _check(names, QUIRKS)
        self.options.quirks = set(names)


def _check(names: tuple[str, ...], known: Mapping[str, str]) -> None:
    if unknown := set(names) - set(known):
        raise UsageError(f"no such quirk: {', '.join(sorted(unknown))}",
                         hint=f"there are {', '.join(known)}")
