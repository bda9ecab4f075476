"""The lab's SSH service: a small shell, its host key on record for its names."""

from __future__ import annotations

from pathlib import Path

from ..serving.faults import Faults
from ..serving.server import Users, Watcher
from ..serving.shell import Shell
from ..ssh.server import ShellOptions, SSHServer
from .certificates import Authority
from .service import Service

__all__ = ["SSHService"]


class SSHService(Service):
    """SSH: a shell that runs only what it is given, and forwarding to this machine.

    Attributes:
        shell: its commands, prompt and banner; may be changed at any time.
        options: how the server behaves; may be changed at any time.
        faults: what it does wrong, and when.
        host_keys: file for ``known_hosts=`` and ssh's ``UserKnownHostsFile``.

    Example:
        >>> from postel import lab
        >>> with lab.start("ssh") as here:
        ...     here.ssh.fingerprint[:7], here.url("ssh")
        ('SHA256:', 'ssh://alice@ssh.lab...test/')
    """

    well_known = (22, 22)
    default_user = "alice"
    is_pair = False

    def __init__(
        self, users: Users, authority: Authority, root: Path | None, watcher: Watcher | None
    ) -> None:
        self.users, self.authority, self.root, self.watcher = users, authority, root, watcher
        self.shell = Shell(banner="Welcome to the lab.\n")
        self.options, self.faults = ShellOptions(), Faults()
        self.server = SSHServer(users, self.shell, self.options, faults=self.faults,
                                watcher=watcher)
        self.host_keys: Path = authority.folder / "known_hosts_ssh"

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

    def key(self, user: str) -> Path:
        """A file with a private key that logs *user* in."""
        import asyncssh

        path = self.authority.folder / f"ssh-id-{user}"
        if not path.exists():
            key = asyncssh.generate_private_key("ssh-ed25519")
            path.touch(mode=0o600)
            path.write_bytes(key.export_private_key())
            self.server.keys.setdefault(user, []).append(key.convert_to_public())
        return path

    def new_host_key(self) -> None:
        """Show another host key from now on: what is on record is no longer true."""
        import asyncssh

        self.server.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.server.renew()
