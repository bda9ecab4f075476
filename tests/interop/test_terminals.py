"""Telnet and SSH sessions with inetutils' telnetd and OpenSSH's sshd; expect over both."""

from __future__ import annotations

import os
import re
import shlex
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from servers import SSHD, Ground, program
from servers.telnetd import run_telnetd

from postel import expect, ssh, telnet
from postel.compat import telnetlib
from postel.errors import AuthenticationError, ReplyError
from postel.telnet.codes import ECHO, NAWS, NEW_ENVIRON, SGA, TTYPE

BACKENDS = ["ssh", "asyncssh"]


@pytest.fixture(scope="module")
def telnetd(ground: Ground) -> Iterator[int]:
    with run_telnetd(ground) as port:
        yield port


def test_a_shell_by_telnet(telnetd: int) -> None:
    terminal = telnet.Terminal("vt100", 91, 33, environ={"POSTEL_X": "y"})
    with telnet.Client("127.0.0.1", port=telnetd, terminal=terminal, timeout=20) as client:
        with expect.over(client, timeout=20) as there:
            assert there.find_prompt() == b"proving$ "
            assert there.command("echo $TERM; stty size") == b"vt100\r\n33 91\r\n"
            there.resize(70, 20)
            assert there.command("stty size") == b"20 70\r\n"
            assert there.command("seq 3") == b"1\r\n2\r\n3\r\n"
            assert {TTYPE, NAWS} <= client.ours
            assert {ECHO, SGA} <= client.theirs
            assert NEW_ENVIRON in client.ours
            client.command("AYT")
            there.expect(yes="[", timeout=20)
            there.send_line("cat")
            there.send_line("here")
            there.expect("here\r\nhere\r\n")
            client.command("IP")
            there.expect("proving$ ")
            there.send_line("exit")
            there.expect_end()


def test_many_bytes_by_telnet(telnetd: int) -> None:
    with telnet.Client("127.0.0.1", port=telnetd, timeout=20) as client:
        with expect.over(client, timeout=50) as there:
            there.find_prompt()
            there.send_line("head -c 3000000 /dev/zero | tr '\\0' '\\377'; echo e''nd")
            match = there.expect(end="end\r\n")
            assert match.before.count(b"\xff") == 3_000_000


def test_the_old_telnetlib(telnetd: int) -> None:
    with telnetlib.Telnet("127.0.0.1", telnetd, 20) as old:
        old.read_until(b"proving$ ", 20)
        old.write(b"echo $((6*7))\n")
        assert old.expect([b"never", rb"4(2)"], 20)[0] == 1
        old.write(b"exit\n")
        old.read_all()


def client(server: SSHD, backend: Any, **keywords: Any) -> ssh.Client:
    if backend == "ssh":
        program("ssh", "openssh-client")
    options = {"config": "none", "agent": False, "known_hosts": server.known_hosts,
               "identities": (server.key,), **keywords.pop("options", {})}
    return ssh.Client(server.host, port=server.port, user=server.user, timeout=30,
                      ssh=ssh.SSHOptions(backend=backend, **options), **keywords)


@pytest.mark.parametrize("backend", BACKENDS)
def test_commands_by_ssh(sshd: SSHD, backend: str) -> None:
    with client(sshd, backend) as host:
        assert "OpenSSH" in host.software
        assert sshd.fingerprint in host.host_key
        done = host.run("echo out; echo err >&2; exit 3")
        assert (done.status, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
        data = os.urandom(3_000_000)
        assert host.run("cat", input=data).stdout == data
        assert host.run("kill -TERM $$").status == 255
        assert host.run(f"printf %s {shlex.quote('a b; c')}").text == "a b; c"
        with pytest.raises(ReplyError, match="status 1"):
            host.run("false", check=True)
        for _ in range(5):
            assert host.run("true").ok


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_shell_by_ssh(sshd: SSHD, backend: str) -> None:
    with expect.over(client(sshd, backend).shell(kind="vt100", columns=91, rows=33),
                     timeout=30) as there:
        there.find_prompt()
        there.send_line("PS1='proving$ '")
        there.expect(prompt=re.compile(rb"[\r\n]proving\$ "))
        there.prompt = b"proving$ "
        assert there.command("echo $TERM; stty size") == b"vt100\r\n33 91\r\n"
        there.resize(70, 20)
        assert there.command("sleep 0.2; stty size") == b"20 70\r\n"
        there.send_line("exit 7")
        there.expect_end()
        assert there.status() == 7


@pytest.mark.parametrize("backend", BACKENDS)
def test_forwarded_ports(sshd: SSHD, backend: str) -> None:
    with client(sshd, backend) as host:
        with host.forward_local("127.0.0.1", sshd.port) as local, \
                host.forward_remote("127.0.0.1", sshd.port) as remote:
            for port in (local.port, remote.port):
                with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
                    assert sock.recv(100).startswith(b"SSH-2.0-OpenSSH")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", local.port), timeout=20)


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_may_not_come_in(sshd: SSHD, backend: str) -> None:
    with pytest.raises(AuthenticationError):
        client(sshd, backend, options={"identities": ()}, password="wrong").open()
