"""The lab's SFTP server: asyncssh speaks SSH and SFTP, the files are any served tree.

Service code. It answers version 3 with OpenSSH's extensions, logs users in by password or key, and
does wrong what it is told to: a request refused, a short read, replies out of order, a line that
drops in the middle of a file. Names of requests in `Faults` are those of
draft-ietf-secsh-filexfer-02 without their prefix (``OPEN``, ``READ`` …), or an extension's name
without its domain (``POSIX-RENAME``); the reply of a fault is a status: ``b"4 disk trouble"``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import UsageError
from ..serving.faults import Faults
from ..serving.files import ServedFiles
from ..serving.server import IDLE, Users, Watcher

if TYPE_CHECKING:
    from asyncssh import SSHAcceptor, SSHKey

__all__ = ["QUIRKS", "SFTPOptions", "SFTPServer"]

QUIRKS: Mapping[str, str] = {
    "no extensions": "offers none of OpenSSH's extensions",
    "short reads": "answers a READ with less than was asked for, as servers with small buffers do",
    "out of order": "answers READs and WRITEs in any order",
    "no passwords": "takes keys only",
    "no keys": "takes passwords only",
    "asks": "asks for the password by keyboard-interactive, as PAM does",
    "no subsystem": "refuses the SFTP subsystem; scp(1)'s old protocol works",
    "no scp": "refuses scp(1)'s old protocol",
}
"""What real servers do otherwise."""


@dataclass
class SFTPOptions:
    """How the server behaves; may be changed while it runs.

    Args:
        quirks: some of `QUIRKS`.
        hidden: extensions that are not offered, by name.
        longest_read: bytes that a READ gives at most with "short reads".
        banner: shown before the log-in.
    """

    quirks: set[str] = field(default_factory=set)
    hidden: frozenset[str] = frozenset()
    longest_read: int = 1000
    banner: str = ""


class SFTPServer:
    """Listens on one port and serves SFTP, and the old protocol of scp(1).

    Args:
        users: who may log in by password.
        files: what is served.
        options: how it behaves.
        host: address to listen on.
        port: 0 takes a free one.
        keys: public keys that log a user in.
        host_key: made anew, if not given.
        faults: what to do wrong, and when.
        watcher: told of traffic.
        idle: seconds that a client may keep silent.

    Raises:
        UsageError: asyncssh is not installed.
    """

    name: ClassVar[str] = "sftp"

    def __init__(
        self,
        users: Users,
        files: ServedFiles,
        options: SFTPOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keys: Mapping[str, list[SSHKey]] | None = None,
        host_key: SSHKey | None = None,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
        idle: float = IDLE,
    ) -> None:
        asyncssh = _asyncssh()
        self.users, self.files = users, files
        self.options = options or SFTPOptions()
        self.host, self.port = host, port
        self.keys = dict(keys or {})
        self.host_key = host_key or asyncssh.generate_private_key("ssh-ed25519")
        self.faults = faults or Faults()
        self.idle = idle
        self.connections = 0
        self._watcher = watcher
        self._listener: SSHAcceptor | None = None
        self._alive: set[Any] = set()

    async def start(self) -> None:
        """Listen; `port` is known from now on."""
        from .server_ssh import listen

        self._listener = await listen(self)
        self.port = self._listener.get_port()

    def renew(self) -> None:
        """Show the host key as it is now, to those who connect from now on."""
        if self._listener is not None:
            self._listener.update(server_host_keys=[self.host_key])

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._listener is not None:
            self._listener.close()
            for connection in list(self._alive):
                connection.abort()
            await self._listener.wait_closed()
            while self._alive:  # their tasks end in a turn or two of the loop
                await asyncio.sleep(0.001)
            self._listener = None

    def known_hosts(self, *names: str) -> str:
        """The line of ``known_hosts`` that says which key this server has.

        Args:
            names: host names as in sshd(8): ``*.lab.test``, ``[127.0.0.1]:2222``.
        """
        public = self.host_key.export_public_key().decode("ascii").strip()
        return f"{','.join(names)} {' '.join(public.split()[:2])}\n"

    @property
    def fingerprint(self) -> str:
        """The host key's fingerprint, as ssh-keygen(1) prints it."""
        return str(self.host_key.get_fingerprint())

    def watch(self, who: str, text: str) -> None:
        """Tell the watcher what was said."""
        if self._watcher is not None:
            self._watcher(self.name, who, text)

    def has(self, quirk: str) -> bool:
        """Whether it has this habit now."""
        return quirk in self.options.quirks

    def joined(self, connection: Any) -> None:
        """A client has come."""
        self.connections += 1
        self._alive.add(connection)

    def left(self, connection: Any) -> None:
        """A client has gone."""
        self._alive.discard(connection)


async def pause_in_any_order() -> None:
    """Wait a moment that differs each time."""
    await asyncio.sleep(random.uniform(0, 0.004))  # noqa: S311 - no secret


def _asyncssh() -> Any:
    try:
        import asyncssh
    except ImportError:
        raise UsageError("the lab's SFTP server needs asyncssh, which is not installed",
                         hint="pip install 'postel[lab]'") from None
    with contextlib.suppress(AttributeError):
        asyncssh.set_log_level("CRITICAL")
    return asyncssh
