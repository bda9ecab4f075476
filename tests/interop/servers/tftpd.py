"""Real TFTP servers: tftpd-hpa and atftpd, unpacked, not installed."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .find import UNPACKED, need_root, server_program
from .ground import Ground, account
from .process import PATIENCE, Daemon, ServerFailed

__all__ = ["TFTPD", "run_atftpd", "run_tftpd_hpa"]

_PACKAGES = ("tftp", "tftpd-hpa atftpd tftp-hpa atftp busybox")
UNPACKED |= {"in.tftpd": _PACKAGES, "atftpd": _PACKAGES}


@dataclass
class TFTPD:
    """A real server that is running; `root` is what it serves, readable and writable by all."""

    name: str
    port: int
    root: Path
    daemon: Daemon

    def log(self) -> str:
        """What it printed so far."""
        return self.daemon.log()


@contextmanager
def run_tftpd_hpa(ground: Ground) -> Iterator[TFTPD]:
    """tftpd-hpa: options but windowsize, creates files, follows no path out of its folder."""
    binary = server_program("in.tftpd")
    need_root("tftpd-hpa")
    room = ground.room("tftpd-hpa")
    port = free_port()
    with _run("tftpd-hpa", port, room, [
            binary, "--foreground", "--secure", "--create", "--permissive", "--ipv4",
            "--user", account().pw_name, "--address", f"127.0.0.1:{port}",
            room / "root"]) as server:
        yield server


@contextmanager
def run_atftpd(ground: Ground) -> Iterator[TFTPD]:
    """atftpd: windowsize too, and its own ideas of what else."""
    binary = server_program("atftpd")
    room = ground.room("atftpd")
    port = free_port()
    with _run("atftpd", port, room, [
            binary, "--daemon", "--no-fork", "--port", str(port), "--bind-address", "127.0.0.1",
            "--user", account().pw_name, "--logfile", "-", room / "root"]) as server:
        yield server


@contextmanager
def _run(name: str, port: int, room: Path, command: list[str | Path]) -> Iterator[TFTPD]:
    root = room / "root"
    root.mkdir()
    root.chmod(0o777)
    daemon = Daemon(name, command, room)
    try:
        _wait(daemon, port)
        yield TFTPD(name, port, root, daemon)
    finally:
        daemon.stop()


def free_port() -> int:
    """A port where no datagram is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _wait(daemon: Daemon, port: int) -> None:
    """Return when the server answers a request."""
    until = time.monotonic() + PATIENCE
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.1)
        while daemon.running() and time.monotonic() < until:
            sock.sendto(b"\0\1no such file\0octet\0", ("127.0.0.1", port))
            try:
                sock.recvfrom(1_000)
                return
            except (TimeoutError, ConnectionError):
                time.sleep(0.02)
    daemon.stop()
    raise ServerFailed(f"start {daemon.name}: it does not answer\n{daemon.log()}")
