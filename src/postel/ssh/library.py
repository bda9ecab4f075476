"""The other way to a link: asyncssh, in a thread with an event loop of its own.

Transport code, the same for both sides, loaded only where it is used. The thread connects by our
own connector (addresses raced, proxies), logs in, opens the channel, and moves bytes between it
and one end of a socket pair; the other end is the link. Host keys, prompts and errors follow the
same rules as with the ssh program.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from pathlib import Path
from typing import Any

from ..errors import HostKeyError, UsageError
from ..timing import Deadline
from ..transport.clock_async import now
from ..transport.connector_async import AsyncConnector
from ..transport.proxy_async import AsyncProxyConnector
from .command import GCM, Goal
from .complaints import Said
from .launch import BUFFER, SSH_PORT, Way, taken_over
from .library_errors import explain, refused_key
from .prompts import Prompts
from .records import Records
from .types import SSHOptions

__all__ = ["Library"]

_PATIENCE = 5.0
_CHUNK = 65_536
_KEYS = ("ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
         "rsa-sha2-512,rsa-sha2-256")  # OpenSSH's order, so that both find the same key
_MOST_WORDS = 65_536


class Library:
    """One SSH connection of asyncssh's from start to end; the same face as `Program`.

    Args:
        goal: where it leads.
        options: how.
        prompts: the answers.
        way: by way of which proxy, from which address.

    Attributes:
        said: what is known so far.
        latency: seconds that the TCP handshake took; 0 until then.
        status: the exit status of what ran there, once it has ended.
    """

    def __init__(self, goal: Goal, options: SSHOptions, prompts: Prompts, way: Way) -> None:
        if options.options:
            raise UsageError("SSHOptions: options= are ssh(1)'s, and asyncssh does not read them",
                             hint='leave them out, or use backend="ssh"')
        self.goal, self.options = goal, options
        self.said = Said()
        self.latency = 0.0
        self.status: int | None = None
        self.prompts = prompts
        self.refusal: HostKeyError | None = None
        self.records = Records(goal, options)
        self._way = way
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._done = threading.Event()
        self._closed = False
        prompts.note = self.said.asked_of_us.append

    def start(self) -> socket.socket:
        """Begin; return our end of the socket pair."""
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        threading.Thread(target=self._run, args=(theirs,), daemon=True,
                         name=f"ssh to {self.goal.host}").start()
        return ours

    def finish(self) -> BaseException | None:
        """The link has ended: wait for the connection's end, and say why that was."""
        if not self._done.wait(_PATIENCE):
            self.close()
            self._done.wait(_PATIENCE)
        return self._failure

    def close(self, patience: float = 0.0) -> None:
        """End it, after at most *patience* seconds to pass on what it has."""
        self._closed = True
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(lambda: loop.call_later(patience, task.cancel))

    def wait(self, seconds: float) -> bool:
        """Whether everything of it is gone within *seconds*."""
        return self._done.wait(seconds)

    # -- the thread ------------------------------------------------------------------------

    def _run(self, theirs: socket.socket) -> None:
        try:
            asyncio.run(self._main(theirs))
        except BaseException as error:  # whatever it is, the link must not wait for ever
            if not self._closed:
                self._failure = explain(error, self)
        finally:
            theirs.close()
            self._done.set()

    async def _main(self, theirs: socket.socket) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        reader, writer = await asyncio.open_connection(sock=theirs)
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = await self._log_in()
        try:
            self.said.stage = "waiting for the other end to start"
            words = {"subsystem": self.goal.subsystem} if self.goal.subsystem else {
                "command": self.goal.command}
            channel = await connection.create_process(encoding=None, **words)
            self.said.stage = "at work"
            up = asyncio.create_task(_upwards(reader, channel.stdin))
            aside = asyncio.create_task(self._listen(channel.stderr))
            try:
                await _downwards(channel.stdout, writer)
                await channel.wait_closed()
            finally:
                up.cancel()
                aside.cancel()
                await asyncio.gather(up, aside, return_exceptions=True)
            self._ended(channel)
        finally:
            connection.abort()
            with contextlib.suppress(Exception):
                await connection.wait_closed()

    def _ended(self, channel: Any) -> None:
        self.status = channel.exit_status
        self._failure = self.said.verdict(self.goal, self.status or 0)

    async def _listen(self, stderr: Any) -> None:
        """Keep the beginning of what a command says aside."""
        kept = 0
        while data := await stderr.read(_CHUNK):
            if kept < _MOST_WORDS:
                self.said.feed(data)
            kept += len(data)

    # -- connect and log in ----------------------------------------------------------------

    async def _log_in(self) -> Any:
        import asyncssh

        goal, options = self.goal, self.options
        settings = await asyncssh.SSHClientConnectionOptions.construct(
            host=goal.host, **self._settings())
        sock = None
        if not settings.tunnel and not settings.proxy_command:
            sock = await self._connect(settings.host, settings.port)
        self.said.stage = "agreeing on keys"
        try:
            connection = await asyncssh.connect(
                goal.host, sock=sock, options=settings, config=self._config(),
                **({"tunnel": options.jump} if options.jump else {}))
        except BaseException:
            if sock is not None:  # cancelled before it was asyncssh's
                sock.close()
            raise
        self.said.authenticated = True
        self.said.software = str(connection.get_extra_info("server_version") or "")[8:]
        return connection

    async def _connect(self, host: str, port: int) -> socket.socket:
        """Connect by our own connector, as everything else does."""
        way, goal = self._way, self.goal
        connector = AsyncConnector(way.source, way.family, way.resolver)
        if way.proxy is not None:
            connector = AsyncProxyConnector(way.source, way.family, way.resolver, way.proxy,
                                            way.context)
        self.said.stage = "connecting"
        stream = await connector.connect(
            goal.address or host, goal.port or port or SSH_PORT,
            deadline=Deadline.after(goal.timeout, now=now()))
        try:
            self.said.address, self.latency = stream.peer.address, stream.latency
            return taken_over(stream)
        finally:
            await stream.aclose()

    def _config(self) -> Any:
        config = self.options.config
        if self.goal.address is not None and config is None:
            return None  # a name of our own is no alias of the user's
        return None if config == "none" else () if config is None else [str(config)]

    def _settings(self) -> dict[str, Any]:
        """What is asked, in asyncssh's words."""
        goal, options = self.goal, self.options
        settings: dict[str, Any] = {
            "config": self._config(), "client_factory": lambda: _client(self),
            "known_hosts": self.records.find, "host_key_alias": self.records.name,
            "client_version": "Postel", "gss_host": None, "agent_forwarding": False}
        if goal.user is not None:
            settings["username"] = goal.user
        if goal.port is not None:
            settings["port"] = goal.port
        if goal.timeout is not None:
            settings["login_timeout"] = max(0.1, goal.timeout)
        if goal.password_first:
            settings["preferred_auth"] = "password,keyboard-interactive,publickey"
        if options.identities:
            settings["client_keys"] = [str(Path(path).expanduser()) for path in options.identities]
        if options.passphrase is not None:
            settings["passphrase"] = self._passphrase
        if options.identities or not options.agent:
            settings["agent_path"] = None
        if options.jump is not None:
            settings["tunnel"] = options.jump
        if options.compression:
            settings["compression_algs"] = ["zlib@openssh.com", "none"]
        trusted = self.records.find(goal.host, "", goal.port)
        if not trusted[0] and not trusted[1]:  # else asyncssh asks for what is on record
            settings["server_host_key_algs"] = _KEYS
        ciphers = options.ciphers or (GCM if goal.fast else None)
        if ciphers is not None:
            settings["encryption_algs"] = ciphers
        return settings

    def _passphrase(self, file: object) -> str | None:
        found = self.prompts.answer(f"Enter passphrase for key '{file}': ", "publickey", ours=True)
        return None if found is None else found.reveal()


def _client(link: Library) -> Any:
    """What asyncssh asks, answered by our rules."""
    import asyncssh

    class Client(asyncssh.SSHClient):
        def validate_host_public_key(self, host: str, addr: str, port: int,
                                     key: asyncssh.SSHKey) -> bool:
            link.said.key = f"{key.get_algorithm()} {key.get_fingerprint()}"
            if link.records.accepts(key):
                return True
            link.refusal = refused_key(link)
            return False

        def auth_banner_received(self, msg: str, lang: str) -> None:
            pass  # nobody asked for it

        def public_key_auth_requested(self) -> None:
            link.said.stage = "logging in"
            link.said.tried.append("publickey")

        def password_auth_requested(self) -> str | None:
            link.said.tried.append("password")
            return _revealed(link.prompts, "the server's password: ", "password")

        def kbdint_auth_requested(self) -> str | None:
            link.said.tried.append("keyboard-interactive")
            return "" if link.prompts.any else None

        def kbdint_challenge_received(self, name: str, instructions: str, lang: str,
                                      prompts: Any) -> list[str] | None:
            answers = [_revealed(link.prompts, text, "keyboard-interactive")
                       for text, _ in prompts]
            return None if None in answers else [text for text in answers if text is not None]

    return Client()


def _revealed(prompts: Prompts, prompt: str, method: str) -> str | None:
    found = prompts.answer(prompt, method, ours=True)
    return None if found is None else found.reveal()


async def _upwards(reader: asyncio.StreamReader, stdin: Any) -> None:
    """From the link to the channel."""
    with contextlib.suppress(BrokenPipeError, ConnectionError):  # the other direction tells why
        while data := await reader.read(_CHUNK):
            stdin.write(data)
            await stdin.drain()
        stdin.write_eof()


async def _downwards(stdout: Any, writer: asyncio.StreamWriter) -> None:
    """From the channel to the link, whose end may have gone while it still sends."""
    while data := await stdout.read(_CHUNK):
        if not writer.is_closing():
            with contextlib.suppress(ConnectionError):
                writer.write(data)
                await writer.drain()

