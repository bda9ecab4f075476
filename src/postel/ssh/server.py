"""The lab's SSH server: asyncssh speaks SSH; behind it is a small shell, and forwarding.

Service code. Users log in by password or key. A session runs the shell or one command of it, with
a terminal or without; ports may be forwarded both ways, to this machine alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import UsageError
from ..serving.faults import Faults
from ..serving.server import IDLE, Users, Watcher
from ..serving.shell import Call, Ended, Shell

if TYPE_CHECKING:
    from asyncssh import SSHAcceptor, SSHKey

__all__ = ["SSHServer", "ShellOptions"]


@dataclass
class ShellOptions:
    """How the server behaves; may be changed while it runs.

    Args:
        passwords: whether they are taken.
        keys: whether they are.
        asks: whether the password is asked for by keyboard-interactive, as PAM does.
        forwards: whether ports may be forwarded.
        banner: shown before the log-in.
    """

    passwords: bool = True
    keys: bool = True
    asks: bool = False
    forwards: bool = True
    banner: str = ""


class SSHServer:
    """Listens on one port and serves a shell.

    Args:
        users: who may log in by password.
        shell: what they get.
        options: how it behaves.
        host: address to listen on.
        port: 0 takes a free one.
        faults: what to do wrong, and when: ``CHANNEL``, and the names of commands.
        watcher: told of traffic.

    Raises:
        UsageError: asyncssh is not installed.
    """

    name: ClassVar[str] = "ssh"

    def __init__(
        self,
        users: Users,
        shell: Shell,
        options: ShellOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        try:
            import asyncssh
        except ImportError:
            raise UsageError("the lab's SSH server needs asyncssh, which is not installed",
                             hint="pip install 'postel[lab]'") from None
        asyncssh.set_log_level("CRITICAL")
        self.users, self.shell = users, shell
        self.options = options or ShellOptions()
        self.host, self.port = host, port
        self.keys: dict[str, list[SSHKey]] = {}
        self.host_key: SSHKey = asyncssh.generate_private_key("ssh-ed25519")
        self.faults = faults or Faults()
        self.connections = 0
        self._watcher = watcher
        self._listener: SSHAcceptor | None = None
        self.alive: set[Any] = set()

    async def start(self) -> None:
        """Listen; `port` is known from now on."""
        import asyncssh

        from .server_guard import Guard

        self._listener = await asyncssh.listen(
            self.host, self.port, server_factory=lambda: Guard(self), process_factory=self._serve,
            server_host_keys=[self.host_key], encoding=None, line_editor=False,
            login_timeout=min(IDLE, 120.0), gss_host=None, agent_forwarding=False,
            compression_algs=["none", "zlib@openssh.com"])
        self.port = self._listener.get_port()

    def renew(self) -> None:
        """Show the host key as it is now, to those who connect from now on."""
        if self._listener is not None:
            self._listener.update(server_host_keys=[self.host_key])

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._listener is not None:
            self._listener.close()
            for connection in list(self.alive):
                connection.abort()
            await self._listener.wait_closed()
            while self.alive:  # their tasks end in a turn or two of the loop
                await asyncio.sleep(0.001)
            self._listener = None

    def known_hosts(self, *names: str) -> str:
        """The line of ``known_hosts`` that says which key this server has."""
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

    # -- sessions --------------------------------------------------------------------------

    async def _serve(self, process: Any) -> None:
        status = 255
        try:
            if process.subsystem is None and self.faults.due("CHANNEL") is None:
                status = await _Screen(self, process).run()
        finally:
            process.exit(status)


class _Screen:
    """One session: the shell's screen."""

    def __init__(self, server: SSHServer, process: Any) -> None:
        self._server, self._process = server, process
        self.kind = str(process.term_type or "dumb")
        self.columns, self.rows = process.term_size[:2]

    @property
    def echoes(self) -> bool:
        """With a terminal, this side echoes."""
        return bool(self._process.term_type)

    async def run(self) -> int:
        """The shell, or one command of it."""
        process = self._process
        shell = Shell(self._server.shell.commands, prompt=self._server.shell.prompt,
                      banner=self._server.shell.banner, faults=self._server.faults,
                      watch=self._server.watch)
        user = str(process.get_extra_info("username"))
        environ = _text(process.env)
        if process.command is None:
            return await shell.serve(self, user=user, environ=environ)
        call = Call((), user, self._write, self._complain, self.receive,
                    self if process.term_type else None, environ)
        line = process.command
        try:
            return await shell.run(line if isinstance(line, str) else line.decode(), call)
        except Ended as ended:
            return ended.status

    async def receive(self) -> bytes:
        """What was typed; a new size of the window is noted on the way."""
        import asyncssh

        while True:
            try:
                data: bytes = await self._process.stdin.read(65_536)
                return data
            except asyncssh.TerminalSizeChanged as size:
                self.columns, self.rows = size.width, size.height
            except asyncssh.BreakReceived:
                return b"\x03"
            except asyncssh.SignalReceived as received:
                return b"\x03" if received.signal == "INT" else b""

    async def send(self, data: bytes) -> None:
        """Show something."""
        with contextlib.suppress(ConnectionError):
            self._process.stdout.write(data)
            await self._process.stdout.drain()

    async def hide(self, hidden: bool) -> None:
        """The shell does not echo what is hidden; there is nobody to be told."""

    async def _write(self, data: bytes) -> None:
        if self._process.term_type:
            data = data.replace(b"\n", b"\r\n")
        await self.send(data)

    async def _complain(self, data: bytes) -> None:
        if self._process.term_type:
            await self._write(data)
            return
        with contextlib.suppress(ConnectionError):
            self._process.stderr.write(data)
            await self._process.stderr.drain()


def _text(environ: Mapping[Any, Any]) -> dict[str, str]:
    def text(word: Any) -> str:
        return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)

    return {text(name): text(value) for name, value in environ.items()}
