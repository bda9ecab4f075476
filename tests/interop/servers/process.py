"""Starting real servers on this machine, waiting until they answer, and ending them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

__all__ = ["ENVIRONMENT", "Daemon", "ServerFailed", "free_ports", "is_root", "wait_for_ports"]

GUARD = Path(__file__).with_name("guard.py")
# Nothing of the caller's environment: not its locale, not its certificate files.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}
PATIENCE = 20.0  # seconds that a server has to answer; it takes less than one


class ServerFailed(RuntimeError):
    """A real server did not come up; the message holds its log."""


class Daemon:
    """One server process below a guard that ends it together with its children."""

    def __init__(self, name: str, command: Sequence[str | Path], folder: Path) -> None:
        self.name = name
        self.output = folder / f"{name}.log"
        with self.output.open("ab") as output:
            self._guard = subprocess.Popen(
                [sys.executable, "-IS", GUARD, *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C in a terminal is for the test run alone
            )

    @property
    def guard_pid(self) -> int:
        """The process id of the guard, the server's parent."""
        return self._guard.pid

    def running(self) -> bool:
        """Whether the server is there still."""
        return self._guard.poll() is None

    def log(self) -> str:
        """What the server printed so far."""
        return self.output.read_text(errors="replace")

    def stop(self) -> None:
        """End the server and its children; once is enough, twice does no harm."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Ports on which nothing listens, all different: each is held until the last is found."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket(family)) for _ in range(count)]
        for sock in taken:
            sock.bind((host, 0))
        return [sock.getsockname()[1] for sock in taken]


def wait_for_ports(daemon: Daemon, host: str, ports: Iterable[int], logs: Sequence[Path]) -> None:
    """Return when every port answers; raise ServerFailed with the logs when one does not."""
    until = time.monotonic() + PATIENCE
    for port in ports:
        while not _answers(host, port):
            if daemon.running() and time.monotonic() < until:
                time.sleep(0.01)
                continue
            what = f"port {port} did not open" if daemon.running() else "it ended"
            daemon.stop()
            said = "".join(path.read_text(errors="replace") for path in logs if path.exists())
            raise ServerFailed(f"start {daemon.name}: {what}\n{daemon.log()}{said}")


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def is_root() -> bool:
    """Whether this run may change its user and call chroot."""
    return os.geteuid() == 0
