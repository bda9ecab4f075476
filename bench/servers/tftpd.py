"""tftpd-hpa, installed or unpacked: block sizes, one block at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from bench.build import Unavailable
from bench.servers.base import Server

__all__ = ["TFTPD"]

_HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
_UNPACKED = (Path(os.environ.get("POSTEL_INTEROP_CACHE") or _HOME / "postel-interop")
             / "tftp/usr/sbin/in.tftpd")


class TFTPD(Server):
    """The TFTP server of most networks that start machines."""

    name = "tftpd-hpa"
    program = str(_UNPACKED) if _UNPACKED.exists() else "in.tftpd"

    def version(self) -> str:
        """As in "tftp-hpa 5.2"."""
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True,
                              check=False)
        return done.stdout.partition(",")[0].strip()

    def configure(self) -> list[str]:
        """All of it by options."""
        return [self.program, "--foreground", "--secure", "--create", "--permissive", "--ipv4",
                "--user", "nobody", "--address", f"{self.place.address}:{self.port}",
                str(self.place.root)]

    def _wait(self, process: subprocess.Popen[bytes], inside: list[str]) -> None:
        """Datagrams are not listened for as connections are."""
        limit = time.monotonic() + 15
        query = [*inside, "ss", "-Hnlu", f"sport = :{self.port}"]
        while not subprocess.run(query, capture_output=True, check=False).stdout:
            if process.poll() is not None or time.monotonic() > limit or not shutil.which("ss"):
                self.stop()
                raise Unavailable(f"{self.name} does not start")
            time.sleep(0.05)
