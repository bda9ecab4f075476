"""The SSH half of the lab's SFTP server: log-ins, channels, and packets in any order.

Service code; only loaded where asyncssh is there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, cast

import asyncssh
from asyncssh.packet import String
from asyncssh.sftp import SFTPServerHandler
from asyncssh.stream import SSHServerStreamSession

from .server import SFTPServer, pause_in_any_order
from .server_files import FileRequests

if TYPE_CHECKING:
    from asyncssh import SSHAcceptor, SSHServerConnection

__all__ = ["listen"]

_READ, _WRITE = 5, 6  # draft-ietf-secsh-filexfer-02 section 3
_NAME, _REPLY = 104, 201
_NOT_OFFERED = (b"newline", b"vendor-id", b"ranges@asyncssh.com")  # no files with holes here


async def listen(server: SFTPServer) -> SSHAcceptor:
    """Start to listen for *server*."""
    return await asyncssh.listen(
        server.host, server.port, server_factory=lambda: _Guard(server),
        server_host_keys=[server.host_key], encoding=None, line_editor=False,
        login_timeout=min(server.idle, 120.0), gss_host=None, agent_forwarding=False,
        compression_algs=["none", "zlib@openssh.com"], allow_pty=False)


class _Guard(asyncssh.SSHServer):
    """One connection: who it is, and which channels it gets."""

    def __init__(self, server: SFTPServer) -> None:
        self._server = server
        self._connection: SSHServerConnection | None = None

    def connection_made(self, conn: SSHServerConnection) -> None:
        """Remember it, so that it ends with the server."""
        self._connection = conn
        self._server.joined(conn)
        self._server.watch("*", "connected")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._server.left(self._connection)
        if exc is not None:
            self._server.watch("*", str(exc))

    def begin_auth(self, username: str) -> bool:
        """Show the banner; everybody must log in."""
        if self._connection is not None and self._server.options.banner:
            self._connection.send_auth_banner(self._server.options.banner)
        return True

    def password_auth_supported(self) -> bool:
        """Unless it takes keys only, or asks."""
        return not (self._server.has("no passwords") or self._server.has("asks"))

    def validate_password(self, username: str, password: str) -> bool:
        """Whether it is the user's."""
        good = self._server.users.check(username, password)
        self._told(username, "a password", good)
        return good

    def kbdint_auth_supported(self) -> bool:
        """Only where it asks."""
        return self._server.has("asks")

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        """One question."""
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        """Whether the answer is the user's password."""
        return len(responses) == 1 and self.validate_password(username, responses[0])

    def public_key_auth_supported(self) -> bool:
        """Unless it takes passwords only."""
        return not self._server.has("no keys")

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether it is the user's."""
        known = self._server.keys.get(username, [])
        good = any(one.public_data == key.public_data for one in known)
        self._told(username, "a key", good)
        return good

    def session_requested(self) -> Any:
        """A channel for SFTP or scp(1); nothing else runs here."""
        connection = self._connection
        if connection is None or self._server.faults.due("CHANNEL") is not None:
            return False
        channel = connection.create_server_channel(None)
        return channel, _Session(self._server)

    def _told(self, user: str, what: str, good: bool) -> None:
        self._server.watch("C", f"log in as {user} by {what}")
        self._server.watch("S", "welcome" if good else "refused")


class _Session(SSHServerStreamSession[bytes]):
    """One channel: the subsystem, or scp(1)'s old protocol."""

    def __init__(self, server: SFTPServer) -> None:
        super().__init__(None, lambda channel: FileRequests(channel, server), 3, True)
        self._server = server

    def subsystem_requested(self, subsystem: str) -> bool:
        """Only SFTP, and not always."""
        fault = self._server.faults.due("SUBSYSTEM")
        self._server.watch("C", f"start {subsystem}")
        return subsystem == "sftp" and fault is None and not self._server.has("no subsystem")

    def exec_requested(self, command: str) -> bool:
        """Only scp(1)."""
        self._server.watch("C", f"run {command}")
        return command.startswith("scp ") and not self._server.has("no scp")

    def session_started(self) -> None:
        """Begin to serve."""
        if self._chan is None or self._chan.get_subsystem() != "sftp":
            super().session_started()
            return
        reader = asyncssh.SSHReader[bytes](self, self._chan)
        writer = asyncssh.SSHWriter[bytes](self, self._chan)
        handler = _Handler(FileRequests(self._chan, self._server), reader, writer, self._server)
        if self._conn is not None:
            self._conn.create_task(handler.run(), reader.logger)


class _Names:
    """The answer of users-groups-by-id: names of users, and of groups."""

    def __init__(self, users: int, groups: int) -> None:
        self._counts = users, groups

    def encode(self, version: int) -> bytes:
        """Everybody here is called the same."""
        return b"".join(String(String("lab") * count) for count in self._counts)


class _Handler(SFTPServerHandler):
    """Packets: their order, and the extensions that are offered."""

    async def _expand_path(self, packet: Any) -> Any:
        path = packet.get_string()
        if path == b"~" or path.startswith(b"~/"):
            path = b"/" + path[2:]
        return [asyncssh.SFTPName(cast(bytes, self._server.realpath(path)))], True

    async def _home(self, packet: Any) -> Any:
        packet.get_string()  # whoever asks: it is the root
        return [asyncssh.SFTPName(b"/")], True

    async def _users_groups(self, packet: Any) -> Any:
        return _Names(len(packet.get_string()) // 4, len(packet.get_string()) // 4)

    _OWN: ClassVar[dict[Any, Any]] = {
        b"expand-path@openssh.com": _expand_path, b"home-directory": _home,
        b"users-groups-by-id@openssh.com": _users_groups}

    def __init__(self, files: FileRequests, reader: Any, writer: Any, server: SFTPServer) -> None:
        super().__init__(files, reader, writer, 3)
        self._lab = server
        self._extensions = [
            (name, version)
            for name, version in (*super()._extensions, *((name, b"1") for name in self._OWN))
            if name not in _NOT_OFFERED and not self._is_hidden(name)]
        self._packet_handlers = {**super()._packet_handlers, **self._OWN}
        self._return_types = {
            **super()._return_types, b"expand-path@openssh.com": _NAME,
            b"home-directory": _NAME, b"users-groups-by-id@openssh.com": _REPLY}
        self._late: set[asyncio.Task[None]] = set()

    async def _cleanup(self, exc: Exception | None) -> None:
        for task in self._late:
            task.cancel()
        if self._writer is not None:  # scp(1) takes an end without a status for a failure
            cast("asyncssh.SSHServerChannel[bytes]", self._writer.channel).exit(0)
        await super()._cleanup(exc)

    def _is_hidden(self, name: bytes) -> bool:
        text = name.decode("ascii")
        return self._lab.has("no extensions") or text in self._lab.options.hidden

    async def _process_packet(self, pkttype: int, pktid: int, packet: Any) -> None:
        packet.check_end = _any_end  # rclone 1.60's last WRITE is longer than its data
        if self._lab.has("out of order") and pkttype in (_READ, _WRITE):
            task = asyncio.ensure_future(self._later(pkttype, pktid, packet))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            return
        while self._late:
            await asyncio.wait(set(self._late))
        await super()._process_packet(pkttype, pktid, packet)

    async def _later(self, pkttype: int, pktid: int, packet: Any) -> None:
        await pause_in_any_order()
        await super()._process_packet(pkttype, pktid, packet)


def _any_end() -> None:
    """What follows a request's fields is let be, as OpenSSH does."""
