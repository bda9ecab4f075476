"""Links to OpenSSH's sshd and ProFTPD's mod_sftp, by ssh(1) and by asyncssh."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import SSHD, program

from postel.errors import AuthenticationError, HostKeyError, NotFound, NotSupported
from postel.ssh.link_sync import Link, open_link
from postel.ssh.scp_sync import SCP
from postel.ssh.types import SSHOptions
from postel.timing import Deadline
from postel.transport.clock_sync import now
from postel.transport.proxies import Proxy
from postel.transport.proxy_sync import ProxyConnector

HELLO = b"\0\0\0\5\1\0\0\0\3"
BACKENDS = ["ssh", "asyncssh"]


def link(server: SSHD, backend: str, **keywords: Any) -> Link:
    """A link to *server*, by key unless told otherwise."""
    if backend == "ssh":
        program("ssh", "openssh-client")
    ways = {name: keywords.pop(name) for name in (
        "port", "password", "subsystem", "command", "connector", "user") if name in keywords}
    options = {"config": "none", "agent": False, "known_hosts": server.known_hosts,
               "identities": (server.key,), **keywords}
    return open_link(server.host, options=SSHOptions(backend=backend, **options),  # type: ignore[arg-type]
                     deadline=Deadline.after(30, now=now()),
                     **{"port": server.port, "user": server.user, **ways})


def greeting(server: SSHD, backend: str, **keywords: Any) -> bytes:
    """What the other end answers to SSH_FXP_INIT."""
    with link(server, backend, **keywords) as stream:
        stream.send(HELLO)
        return stream.receive()


@pytest.mark.parametrize("backend", BACKENDS)
def test_sftp_by_program_and_built_in(sshd: SSHD, backend: str) -> None:
    for port in (sshd.port, sshd.builtin_port):
        assert b"posix-rename@openssh.com" in greeting(sshd, backend, port=port)


@pytest.mark.parametrize("backend", BACKENDS)
def test_mod_sftp(proftpd_sftp: SSHD, backend: str) -> None:
    assert greeting(proftpd_sftp, backend)[4] == 2
    assert greeting(proftpd_sftp, backend, identities=(), password="secret")[4] == 2
    with pytest.raises(AuthenticationError):
        greeting(proftpd_sftp, backend, identities=(), password="wrong")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_command_and_its_exit_status(sshd: SSHD, backend: str) -> None:
    with link(sshd, backend, command="cat; exit 7") as stream:
        for _ in range(50):
            stream.send(b"x" * 100_000)
        stream.end_sending()
        count = 0
        while data := stream.receive():
            count += len(data)
        assert count == 5_000_000
        assert stream.exit_status == 7
        assert "OpenSSH" in stream.software


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_password(sshd: SSHD, backend: str) -> None:
    if sshd.password is None:
        pytest.skip("no user was made for this: set POSTEL_INTEROP_USERS as root")
    assert greeting(sshd, backend, identities=(), password=sshd.password)[4] == 2
    with pytest.raises(AuthenticationError, match="tried: password"):
        greeting(sshd, backend, identities=(), password="wrong")


@pytest.mark.parametrize("backend", BACKENDS)
def test_nobody_without_a_key(sshd: SSHD, backend: str) -> None:
    with pytest.raises(AuthenticationError, match="permission denied"):
        greeting(sshd, backend, identities=())


@pytest.mark.parametrize("backend", BACKENDS)
def test_host_keys(sshd: SSHD, backend: str, tmp_path: Path) -> None:
    record = tmp_path / "known_hosts"
    with pytest.raises(HostKeyError, match="not on record") as caught:
        greeting(sshd, backend, known_hosts=record)
    assert sshd.fingerprint in str(caught.value)
    assert greeting(sshd, backend, known_hosts=record, tofu=True)[4] == 2
    assert greeting(sshd, backend, known_hosts=record)[4] == 2
    assert greeting(sshd, backend, known_hosts=None, fingerprint=sshd.fingerprint)[4] == 2
    words = record.read_text().split()
    other = sshd.key.with_suffix(".pub").read_text().split()[:2]
    record.write_text(f"{words[0]} {' '.join(other)}\n")
    with pytest.raises(HostKeyError, match="CHANGED"):
        greeting(sshd, backend, known_hosts=record, tofu=True)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_hashed_record(sshd: SSHD, backend: str, tmp_path: Path) -> None:
    record = tmp_path / "known_hosts"
    shutil.copy(sshd.known_hosts, record)
    subprocess.run([program("ssh-keygen", "openssh-client"), "-H", "-f", record], check=True,
                   capture_output=True)
    assert "|1|" in record.read_text()
    assert greeting(sshd, backend, known_hosts=record)[4] == 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_subsystems_that_do_not_run(sshd: SSHD, backend: str) -> None:
    with pytest.raises(NotSupported, match="refused"):
        greeting(sshd, backend, subsystem="nonsense")
    with pytest.raises(NotSupported, match="status 127"):
        greeting(sshd, backend, subsystem="broken")


@pytest.fixture
def agent(sshd: SSHD, tmp_path: Path) -> Iterator[str]:
    """An agent that holds the key."""
    place = tmp_path / "agent"
    running = subprocess.Popen([program("ssh-agent", "openssh-client"), "-D", "-a", place],
                               stdout=subprocess.DEVNULL)
    try:
        environment = {**os.environ, "SSH_AUTH_SOCK": str(place)}
        for _ in range(100):
            done = subprocess.run([program("ssh-add", "openssh-client"), sshd.key],
                                  env=environment, capture_output=True, check=False)
            if done.returncode == 0:
                break
        yield str(place)
    finally:
        running.terminate()
        running.wait()


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_agent(
    sshd: SSHD, backend: str, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    assert greeting(sshd, backend, identities=(), agent=True)[4] == 2
    with pytest.raises(AuthenticationError):
        greeting(sshd, backend, identities=(), agent=False)


def test_a_jump_host_and_an_alias_of_the_configuration(sshd: SSHD, tmp_path: Path) -> None:
    """By way of itself, as ssh_config says it; the password is not for the host between."""
    program("ssh", "openssh-client")
    config = tmp_path / "config"
    config.write_text(f"""
Host gate inner
    HostName 127.0.0.1
    User {sshd.user}
    IdentityFile {sshd.key}
    UserKnownHostsFile {sshd.known_hosts}
    StrictHostKeyChecking yes
Host gate
    Port {sshd.port}
Host inner
    Port {sshd.builtin_port}
    ProxyJump gate
""")
    with open_link("inner", options=SSHOptions(config=config, agent=False),
                   deadline=Deadline.after(30, now=now())) as stream:
        stream.send(HELLO)
        assert stream.receive()[4] == 2
    with open_link("inner", options=SSHOptions(config=config, agent=False, jump="gate"),
                   password="hunter2", deadline=Deadline.after(30, now=now())) as stream:
        stream.send(HELLO)
        assert stream.receive()[4] == 2


def test_a_control_master_is_used_but_never_begun(sshd: SSHD, tmp_path: Path) -> None:
    """Where one runs, no log-in is needed; where this call says whose key counts, it is not asked."""
    ssh = program("ssh", "openssh-client")
    place = tmp_path / "m"
    config = tmp_path / "config"
    config.write_text(f"""
Host box
    HostName 127.0.0.1
    Port {sshd.port}
    User {sshd.user}
    UserKnownHostsFile {sshd.known_hosts}
    ControlMaster auto
    ControlPersist 60
    ControlPath {place}
    IdentityAgent none
    IdentityFile none
""")

    def greet(**options: Any) -> bytes:
        with open_link("box", options=SSHOptions(config=config, **options),
                       deadline=Deadline.after(20, now=now())) as stream:
            stream.send(HELLO)
            return stream.receive()

    assert greet(identities=(sshd.key,))[4] == 2
    assert not place.exists()
    master = subprocess.Popen([ssh, "-F", config, "-i", sshd.key, "-N", "box"],
                              stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if place.exists():
                break
            time.sleep(0.05)
        assert greet()[4] == 2
        with pytest.raises(AuthenticationError):
            greet(known_hosts=sshd.known_hosts)
    finally:
        subprocess.run([ssh, "-F", config, "-O", "exit", "box"], check=False, capture_output=True)
        master.terminate()
        master.wait()


@pytest.mark.parametrize("backend", BACKENDS)
def test_by_way_of_a_proxy(sshd: SSHD, backend: str) -> None:
    """A SOCKS5 proxy: sshd's own, by ``ssh -D``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen([
        program("ssh", "openssh-client"), "-F", "none", "-N", "-D", f"127.0.0.1:{port}",
        "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={sshd.known_hosts}", "-i", sshd.key,
        "-p", str(sshd.port), f"{sshd.user}@127.0.0.1"])
    try:
        connector = ProxyConnector(proxy=Proxy("socks5h", "127.0.0.1", port))
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        assert greeting(sshd, backend, connector=connector)[4] == 2
        with link(sshd, backend, connector=connector, command="echo $SSH_CONNECTION") as stream:
            assert b"127.0.0.1" in stream.receive()
    finally:
        running.terminate()
        running.wait()


@pytest.mark.parametrize("backend", BACKENDS)
def test_compression_and_ciphers(sshd: SSHD, backend: str) -> None:
    assert greeting(sshd, backend, compression=True)[4] == 2
    assert greeting(sshd, backend, ciphers="aes256-ctr")[4] == 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_old_protocol_of_scp(sshd: SSHD, backend: str, tmp_path: Path) -> None:
    program("scp", "openssh-client")
    options = SSHOptions(backend=backend, config="none", agent=False, legacy_scp=True,  # type: ignore[arg-type]
                         known_hosts=sshd.known_hosts, identities=(sshd.key,))
    site = SCP(f"scp://{sshd.user}@127.0.0.1:{sshd.port}/", ssh=options, timeout=20.0)
    there = f"{sshd.path}/scp-{backend}"
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "a b'c.txt").write_bytes(b"hello")
    (tree / "big").write_bytes(bytes(range(256)) * 40_000)
    os.utime(tree / "big", (1_600_000_000, 1_600_000_000))
    assert site.upload_tree(tree, there).files == 2
    copied = site.download_tree(there, tmp_path / "back")
    assert copied.size == 256 * 40_000 + 5
    assert (tmp_path / "back" / "big").read_bytes() == (tree / "big").read_bytes()
    assert (tmp_path / "back" / "big").stat().st_mtime == 1_600_000_000
    site.download(f"{there}/sub/a b'c.txt", tmp_path / "one")
    assert (tmp_path / "one").read_bytes() == b"hello"
    site.upload(tree / "big", f"{there}/two; touch x")
    assert Path(f"{there}/two; touch x").read_bytes() == (tree / "big").read_bytes()
    with pytest.raises(NotFound):
        site.download(f"{there}/none", tmp_path / "none")
    with pytest.raises(NotFound):
        site.upload(tree / "big", f"{there}/none/big")
