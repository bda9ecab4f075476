"""What all servers share: a folder, a free port, a process, and an orderly end."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.build import Unavailable

__all__ = ["Place", "Server"]

_PATIENCE = 15.0  # seconds for a server to come up or to go down


@dataclass(frozen=True)
class Place:
    """Where a server runs.

    Args:
        folder: everything it may write.
        root: what it serves.
        address: the IPv4 address it listens on.
        space: network namespace; "" for the machine's own.
        rate: bytes a second for one connection; 0 is as fast as it goes.
        tls_only: refuse log-in and transfers in the clear, so that no contender saves the work.
    """

    folder: Path
    root: Path
    address: str = "127.0.0.1"
    space: str = ""
    tls_only: bool = False
    rate: int = 0


class Server:
    """One server process. A subclass sets the names and writes the configuration."""

    name = ""
    program = ""  # file name or path of the executable
    user, password = "bench", "secret"

    def __init__(self, place: Place) -> None:
        self.place = place
        self.port = _free_port()
        self.tls = place.folder.parent / "tls"
        self._process: subprocess.Popen[bytes] | None = None

    def version(self) -> str:
        """Its version, in few words."""
        raise NotImplementedError

    def configure(self) -> list[str]:
        """Write the configuration; returns the command that starts the server."""
        raise NotImplementedError

    def environment(self) -> dict[str, str] | None:
        """The environment to start it with; None for the harness's own."""
        return None

    def start(self) -> None:
        """Start it and wait until the port is open.

        Raises:
            Unavailable: it is not installed or does not come up.
        """
        if not shutil.which(self.program):
            raise Unavailable(f"{self.name} is not installed")
        self.place.folder.mkdir(parents=True, exist_ok=True)
        self.place.folder.chmod(0o755)
        inside = ["ip", "netns", "exec", self.place.space] if self.place.space else []
        command = [*inside, *self.configure()]
        with (self.place.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment(), start_new_session=True,
            )
        self._wait(self._process, inside)

    def stop(self) -> None:
        """End it, and its children with it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _wait(self, process: subprocess.Popen[bytes], inside: list[str]) -> None:
        query = [*inside, "ss", "-Hnlt", f"sport = :{self.port}"]
        limit = time.monotonic() + _PATIENCE
        while not subprocess.run(query, capture_output=True, check=False).stdout:
            if process.poll() is not None or time.monotonic() > limit:
                self.stop()
                said = (self.place.folder / "log").read_text(errors="replace").strip()
                raise Unavailable(f"{self.name} does not start: {said[-300:]}")
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
