"""Links pass the suite of streams: over a program's descriptor, over ssh(1) and over asyncssh."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from postel import lab
from postel.ssh import link_async, link_sync
from postel.ssh.types import SSHOptions
from postel.testing import streams_async, streams_sync
from postel.timing import Deadline
from postel.transport.clock_sync import now
from postel.transport.socket_async import AsyncSocketStream
from postel.transport.socket_sync import SocketStream

pytestmark = pytest.mark.slow

KINDS = ["program", "asyncssh", pytest.param("ssh", marks=pytest.mark.skipif(
    shutil.which("ssh") is None, reason="there is no ssh here: openssh-client"))]

HAND_OVER = """\
#!{python} -IS
import os, socket

with socket.socket(socket.AF_UNIX) as line:
    line.connect({place!r})
    socket.send_fds(line, [b"x"], [0])
    line.recv(1)
os._exit(0)
"""


class Shell:
    """An SSH server whose every command is joined with a socket that the test holds."""

    def __init__(self, folder: Path) -> None:
        self.near, self.far = socket.socketpair()
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.known_hosts = folder / "known_hosts"
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.listener = self.do(asyncssh.listen(
            "127.0.0.1", 0, server_factory=Nobody, server_host_keys=[self.key], encoding=None,
            process_factory=self.serve, line_editor=False))
        public = self.key.export_public_key().decode().strip()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.listener.get_port()} {public}\n")

    def do(self, work: Any) -> Any:
        async def run() -> Any:
            return await work
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    async def serve(self, process: Any) -> None:
        reader, writer = await asyncio.open_connection(sock=self.far)

        async def upwards() -> None:
            with contextlib.suppress(asyncssh.Error, OSError):
                while data := await process.stdin.read(65536):
                    writer.write(data)
                    await writer.drain()
                writer.write_eof()

        up = asyncio.ensure_future(upwards())
        with contextlib.suppress(asyncssh.Error, OSError):
            while data := await reader.read(65536):
                process.stdout.write(data)
                await process.stdout.drain()
            process.stdout.write_eof()
            await up
        up.cancel()
        await asyncio.gather(up, return_exceptions=True)
        writer.close()
        with contextlib.suppress(asyncssh.Error, OSError):
            process.exit(0)

    def close(self) -> None:
        self.near.close()
        self.do(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()

    async def end(self) -> None:
        """In the loop's own thread, as its servers want it."""
        self.listener.close()
        await self.listener.wait_closed()
        await asyncio.sleep(0.02)
        self.far.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.wait([*rest, asyncio.ensure_future(asyncio.sleep(0))], timeout=5)


class Nobody(asyncssh.SSHServer):
    """Lets everybody in."""

    def begin_auth(self, username: str) -> bool:
        return False


@contextlib.contextmanager
def placed(kind: str, folder: Path) -> Iterator[tuple[dict[str, Any], Any]]:
    """The keywords that open a link, and how the other end's socket is had."""
    if kind == "program":
        place = folder / "line"
        program = folder / "ssh"
        program.write_text(HAND_OVER.format(python=sys.executable, place=str(place)))
        program.chmod(0o755)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place))
            listener.listen()

            def taken() -> socket.socket:
                line, _ = listener.accept()
                with line:
                    _, fds, _, _ = socket.recv_fds(line, 1, 1)
                return socket.socket(fileno=fds[0])

            yield {"host": "h", "command": "x", "options": SSHOptions(program=str(program))}, taken
        return
    shell = Shell(folder)
    try:
        options = SSHOptions(backend=kind, config="none", known_hosts=shell.known_hosts,  # type: ignore[arg-type]
                             agent=False)
        yield {"host": "127.0.0.1", "port": shell.listener.get_port(), "user": "ann",
               "command": "x", "options": options}, lambda: shell.near
    finally:
        shell.close()


ON_THE_WAY = {
    "sending_to_nobody_fails": "what is sent waits in ssh, and in the network",
    "a_passed_deadline_stops_sending": "what is sent waits in ssh, and in the network",
    "a_closed_stream_says_so": "closed before the log-in, the other end never was",
    "closing_wakes_a_reader": "closed before the log-in, the other end never was",
    "ending_loses_nothing": "ssh's input and output are one socket: their end is seen together",
}
"""What cannot hold with a program and a network between; it holds for the stream itself."""


def soon() -> Deadline:
    return Deadline.after(15, now=now())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", streams_sync.CHECKS, ids=lambda check: check.__name__)
def test_sync(check: streams_sync.Check, kind: str, tmp_path: Path) -> None:
    if kind != "program" and check.__name__ in ON_THE_WAY:
        pytest.skip(ON_THE_WAY[check.__name__])
    with placed(kind, tmp_path) as (keywords, other_end):
        with link_sync.open_link(deadline=soon(), **keywords) as link:
            with SocketStream(other_end(), "client") as other:
                check(link, other)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", streams_async.CHECKS, ids=lambda check: check.__name__)
def test_async(check: streams_async.AsyncCheck, kind: str, tmp_path: Path) -> None:
    if kind != "program" and check.__name__ in ON_THE_WAY:
        pytest.skip(ON_THE_WAY[check.__name__])

    async def main() -> None:
        async with await link_async.open_link(deadline=soon(), **keywords) as link:
            async with AsyncSocketStream(await asyncio.to_thread(other_end), "client") as other:
                await check(link, other)

    with placed(kind, tmp_path) as (keywords, other_end):
        asyncio.run(main())


@pytest.fixture
def there() -> Iterator[lab.Lab]:
    with lab.start("sftp") as here:
        yield here


async def lab_link(there: lab.Lab, backend: str, host: str = "") -> link_async.AsyncLink:
    return await link_async.open_link(
        host or f"sftp.{there.domain}", user="alice", password="secret", deadline=soon(),
        options=SSHOptions(backend=backend, agent=False))  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", KINDS[1:])
@pytest.mark.parametrize("moment", [0.0, 0.02, 0.2])
def test_a_cancelled_wait_ends_what_it_waited_for(
    there: lab.Lab, backend: str, moment: float
) -> None:
    """Whenever a caller is cancelled: when its block is left, nothing goes on behind its back."""
    partners: list[Any] = []

    async def use() -> None:
        async with await lab_link(there, backend) as link:
            partners.append(link._partner)
            await link.receive()  # nothing was asked, so nothing comes

    async def main() -> None:
        task = asyncio.ensure_future(use())
        await asyncio.sleep(moment)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    for partner in partners:
        assert partner.wait(5)


@pytest.mark.parametrize("backend", KINDS[1:])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_link_that_is_forgotten_ends_by_itself(there: lab.Lab, backend: str) -> None:
    async def main() -> Any:
        link = await lab_link(there, backend)
        await link.send(b"\0\0\0\5\1\0\0\0\3")
        await link.receive()
        return link._partner

    partner = asyncio.run(main())
    gc.collect()
    assert partner.wait(5)


@pytest.mark.parametrize("backend", KINDS[1:])
def test_many_links_at_once(there: lab.Lab, backend: str) -> None:
    async def greet() -> int:
        async with await lab_link(there, backend) as link:
            await link.send(b"\0\0\0\5\1\0\0\0\3")
            return (await link.receive())[4]

    async def main() -> list[int]:
        return await asyncio.gather(*(greet() for _ in range(8)))

    assert asyncio.run(main()) == [2] * 8
