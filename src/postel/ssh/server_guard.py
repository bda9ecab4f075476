"""Who may come into the lab's SSH server, and what may be forwarded.

Service code; only loaded where asyncssh is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncssh

from ..urls import is_local

if TYPE_CHECKING:
    from .server import SSHServer

__all__ = ["Guard"]


class Guard(asyncssh.SSHServer):
    """One connection: who may come in, and what may be forwarded.

    Args:
        server: whose it is.
    """

    def __init__(self, server: SSHServer) -> None:
        self._server = server
        self.connection: Any = None

    def connection_made(self, conn: Any) -> None:
        """Remember it, so that it ends with the server."""
        self.connection = conn
        self._server.connections += 1
        self._server.alive.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._server.alive.discard(self.connection)

    def begin_auth(self, username: str) -> bool:
        """Show the banner; everybody must log in."""
        if self._server.options.banner:
            self.connection.send_auth_banner(self._server.options.banner)
        return True

    def password_auth_supported(self) -> bool:
        """Unless it asks, or takes keys only."""
        return self._server.options.passwords and not self._server.options.asks

    def validate_password(self, username: str, password: str) -> bool:
        """Whether it is the user's."""
        good = self._server.users.check(username, password)
        self._server.watch("*", f"{username} by a password: {'in' if good else 'refused'}")
        return good

    def kbdint_auth_supported(self) -> bool:
        """Only where it asks."""
        return self._server.options.asks

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        """One question."""
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        """Whether the answer is the user's password."""
        return len(responses) == 1 and self.validate_password(username, responses[0])

    def public_key_auth_supported(self) -> bool:
        """Unless it takes passwords only."""
        return self._server.options.keys

    def validate_public_key(self, username: str, key: Any) -> bool:
        """Whether it is the user's."""
        return any(one.public_data == key.public_data
                   for one in self._server.keys.get(username, []))

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str,
                             orig_port: int) -> bool:
        """To this machine alone."""
        self._server.watch("C", f"forward to {dest_host} port {dest_port}")
        return self._server.options.forwards and is_local(dest_host)

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        """Where ports may be forwarded."""
        self._server.watch("C", f"listen on {listen_host} port {listen_port}")
        return self._server.options.forwards
