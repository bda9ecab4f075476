# A conversation (its twin test_ssh_client_sync.py is generated): SSH sessions, by both backends.
"""Commands, shells and forwarded ports over one SSH connection, by ssh(1) and by asyncssh."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from lab_shell import killing

from postel import lab
from postel.errors import (
    AuthenticationError,
    ConnectError,
    ConnectionLost,
    HostKeyError,
    LimitReached,
    PostelError,
    ReplyError,
    TimedOut,
    UsageError,
)
from postel.expect.opening_async import over
from postel.ssh import SSHOptions, Window
from postel.ssh.client_async import AsyncClient

BACKENDS = ["asyncssh", pytest.param("ssh", marks=pytest.mark.skipif(
    shutil.which("ssh") is None, reason="there is no ssh here: openssh-client"))]
pytestmark = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture(scope="module")
def there() -> Iterator[lab.Lab]:
    with lab.start("ssh") as here:
        yield here


@pytest.fixture(autouse=True)
def _as_it_was(there: lab.Lab) -> Iterator[None]:
    yield
    there.ssh.faults.clear()
    there.ssh.options.forwards = True


def client(there: lab.Lab, backend: Any, **keywords: Any) -> AsyncClient:
    options = {"backend": backend, "config": "none", "agent": False, **keywords.pop("options", {})}
    return AsyncClient(there.url("ssh"), ssh=SSHOptions(**options),
                       **{"password": "secret", "timeout": 20.0, **keywords})


async def test_commands(there: lab.Lab, backend: str) -> None:
    async with client(there, backend) as host:
        assert host.is_open
        assert "AsyncSSH" in host.software
        assert there.ssh.fingerprint in host.host_key
        done = await host.run("echo hello 'big world'")
        assert (done.status, done.text, done.stderr) == (0, "hello big world\n", b"")
        done = await host.run("complain oh dear")
        assert (done.ok, done.stdout, done.stderr) == (False, b"", b"oh dear\n")
        assert (await host.run("count", input=b"x" * 300_000)).text == "300000\n"
        assert (await host.run("cat", input="größe")).text == "größe"
        assert (await host.run("true", input=b"x" * 300_000)).status == 0
        assert (await host.run("env", environ={"LC_X": 'a "b'})).text == 'LC_X=a "b\n'
        assert (await host.run("nothing-here")).status == 127
        pieces: list[bytes] = []
        assert (await host.run("fill 200000", stdout=pieces.append)).stdout == b""
        assert len(b"".join(pieces)) == 200_000


@pytest.mark.slow
async def test_what_goes_wrong_with_commands(there: lab.Lab, backend: str) -> None:
    async with client(there, backend) as host:
        with pytest.raises(ReplyError, match="ended with status 1: oh") as caught:
            await host.run("complain oh", check=True)
        assert caught.value.code == 1
        with pytest.raises(TimedOut, match=r"did not end in 0\.2 s"):
            await host.run("sleep 30", timeout=0.2)
        with pytest.raises(LimitReached):
            await host.run("fill 100000", largest=1000)
        for work in (host.start(""), host.start("a\0b"), host.start("env", environ={"a=b": "c"})):
            with pytest.raises((UsageError, PostelError)):
                await work.open()
        assert (await host.run("status 3")).status == 3
        with pytest.raises(UsageError, match="already open"):
            await host.open()
    with pytest.raises(UsageError, match="not connected"):
        host.carrier  # noqa: B018 - it raises
    assert not host.is_open


async def test_a_command_that_is_talked_to(there: lab.Lab, backend: str) -> None:
    async with client(there, backend) as host:
        async with host.start("cat") as cat:
            await cat.write(b"hello")
            assert await cat.read() == b"hello"
            await cat.send_end()
            assert await cat.read() == b""
            assert await cat.read_error() == b""
            assert await cat.wait() == 0
        async with host.start("size", window=Window("vt100", 70, 10)) as size:
            assert await size.read() == b"10 70\r\n"
        with pytest.raises(UsageError, match="not open"):
            await size.read()


async def test_a_shell_and_its_window(there: lab.Lab, backend: str) -> None:
    async with over(client(there, backend).shell(kind="vt220", columns=99, rows=33),
                    timeout=20) as shell:
        assert await shell.find_prompt() == b"lab$ "
        assert await shell.command("term") == b"vt220\r\n"
        assert await shell.command("size") == b"33 99\r\n"
        await shell.resize(50, 20)
        while await shell.command("size") != b"20 50\r\n":
            pass
        await shell.send_line("exit 4")
        await shell.expect_end()
        assert await shell.status() == 4


def banner_at(host: str, port: int, first: bytes = b"", answers: tuple[int, ...] = ()) -> bytes:
    with socket.create_connection((host, port), timeout=10) as sock:
        for data, size in zip((b"\5\1\0", first), answers, strict=False):
            sock.sendall(data)
            sock.recv(size)
        return sock.recv(100)


@pytest.mark.slow
async def test_forwarded_ports(there: lab.Lab, backend: str) -> None:
    port = there.ssh.port
    socks = b"\5\1\0\1\x7f\0\0\1" + port.to_bytes(2, "big")
    async with client(there, backend) as host:
        async with host.forward_local("127.0.0.1", port) as local:
            assert banner_at("127.0.0.1", local.port).startswith(b"SSH-2.0")
            assert local.host == "127.0.0.1"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            with pytest.raises(UsageError, match="free one"):
                async with host.forward_local("127.0.0.1", port,
                                              bind_port=taken.getsockname()[1]):
                    pass
        async with host.forward_dynamic() as dynamic:
            assert banner_at("127.0.0.1", dynamic.port, socks, (2, 10)).startswith(b"SSH-2.0")
        async with host.forward_remote("127.0.0.1", port) as remote:
            assert banner_at("127.0.0.1", remote.port).startswith(b"SSH-2.0")
        there.ssh.options.forwards = False
        with pytest.raises(ReplyError, match="to here"):
            async with host.forward_remote("127.0.0.1", port):
                pass
        assert (await host.run("true")).ok


@pytest.mark.slow
async def test_keys_and_who_may_not_come_in(there: lab.Lab, backend: str) -> None:
    key = there.ssh.key("alice")
    async with client(there, backend, password=None, options={"identities": (key,)}) as host:
        assert (await host.run("whoami")).text == "alice\n"
    with pytest.raises(AuthenticationError):
        await client(there, backend, password="wrong").open()
    with pytest.raises(HostKeyError):
        await client(there, backend, options={"fingerprint": "SHA256:" + "A" * 43}).open()
    with pytest.raises(UsageError):
        AsyncClient("ftp://there")
    refused = AsyncClient("ssh://127.0.0.1:1", ssh=SSHOptions(backend=backend, config="none"))  # type: ignore[arg-type]
    with pytest.raises(ConnectError):
        await refused.open()


@pytest.mark.slow
async def test_a_connection_that_ends_is_told(there: lab.Lab, backend: str) -> None:
    there.ssh.shell.commands["kill"] = killing(there)
    async with client(there, backend) as host:
        with pytest.raises(ConnectionLost):
            await host.run("kill")
        while host.is_open:
            pass
        with pytest.raises(PostelError):
            await host.run("true")
